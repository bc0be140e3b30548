/** What the program does between two puts, the check does between two questions. */
import type { AwsAnswer, AwsClient, AwsRequest } from "../aws/client.ts";

/**
 * Asks once more where the first answer only led to the service's clock or to fresh credentials: the program gets
 * through in the same way, so the first answer would be a false alarm.
 */
export function withSecondTry(client: AwsClient): AwsClient {
  const { service, region, endpoint } = client;
  return {
    service,
    region,
    endpoint,
    post: (target, body, signal) => atMostTwice(() => client.post(target, body, signal)),
    request: <T>(request: AwsRequest<T>, signal: AbortSignal) =>
      atMostTwice(() => client.request(request, signal)),
  };
}

const recoveries: ReadonlySet<string> = new Set(["correct-clock", "refresh-credentials"]);

async function atMostTwice<T>(ask: () => Promise<AwsAnswer<T>>): Promise<AwsAnswer<T>> {
  const answer = await ask();
  return answer.kind === "failed" && recoveries.has(answer.verdict.recovery) ? ask() : answer;
}
