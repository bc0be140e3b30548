/**
 * Whose credentials these are. Needs no permission.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
import type { ServiceError } from "./answer.ts";
import type { AwsAnswer, AwsClient, RawAnswer } from "./client.ts";
import { loadXmlReader, type ReadXml, textOf, type XmlElement } from "./s3-xml.ts";

export interface CallerIdentity {
  /** Of the user or of the role's session. */
  readonly arn: string;
  readonly account: string;
}

/** Asks STS. `client` is one for the service sts. */
export async function getCallerIdentity(
  client: AwsClient,
  signal: AbortSignal,
): Promise<AwsAnswer<CallerIdentity>> {
  const readXml = await loadXmlReader();
  return client.request(
    {
      method: "POST",
      url: client.endpoint.href,
      headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" },
      body: new TextEncoder().encode("Action=GetCallerIdentity&Version=2011-06-15"),
      read: (answer) => identityOf(readXml, answer),
    },
    signal,
  );
}

function identityOf(
  readXml: ReadXml,
  { text }: RawAnswer,
): { readonly value: CallerIdentity } | ServiceError {
  const read = readXml(text);
  if (!("value" in read)) return read;
  const result = read.value["GetCallerIdentityResult"] as XmlElement | undefined;
  const [arn, account] = [textOf(result ?? {}, "Arn"), textOf(result ?? {}, "Account")];
  if (arn === "") return { code: "malformed-answer", message: "the answer names no Arn" };
  return { value: { arn: arn.slice(0, 300), account: account.slice(0, 20) } };
}
