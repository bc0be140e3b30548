import { RequestError } from "../errors.ts";

/** The protocol version of a write request: `1` prometheus.WriteRequest, `2` io.prometheus.write.v2.Request. */
export type WriteVersion = 1 | 2;

const versions: ReadonlyMap<string, WriteVersion> = new Map([
  ["prometheus.WriteRequest", 1],
  ["io.prometheus.write.v2.Request", 2],
]);
const supported =
  "send application/x-protobuf with proto=prometheus.WriteRequest or proto=io.prometheus.write.v2.Request";

/**
 * Which message a write request holds, from its headers alone: a missing Content-Type means 1.0, a missing
 * Content-Encoding means snappy. Throws RequestError 415 for anything else, naming it.
 * https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
 */
export function negotiate(contentType: string | null, contentEncoding: string | null): WriteVersion {
  const encoding = contentEncoding?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "snappy") {
    throw new RequestError(
      415,
      `Cannot decode Content-Encoding ${quoted(encoding)}: send snappy (block format)`,
    );
  }
  const [mediaType = "", ...parameters] = (contentType ?? "").split(";").map((part) => part.trim());
  if (mediaType === "" && parameters.length === 0) return 1;
  if (mediaType.toLowerCase() !== "application/x-protobuf") {
    throw new RequestError(415, `Cannot read Content-Type ${quoted(contentType)}: ${supported}`);
  }
  let version: WriteVersion = 1;
  for (const parameter of parameters) {
    // Between two semicolons, or behind the last one, there may be nothing (RFC 9110, 5.6.6).
    if (parameter === "") continue;
    const equals = parameter.indexOf("=");
    if (equals < 0) {
      throw new RequestError(415, `Cannot read Content-Type parameter ${quoted(parameter)}: ${supported}`);
    }
    if (parameter.slice(0, equals).trim().toLowerCase() !== "proto") continue;
    const proto = parameter
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1");
    const known = versions.get(proto);
    if (known === undefined) throw new RequestError(415, `Cannot read proto ${quoted(proto)}: ${supported}`);
    version = known;
  }
  return version;
}

function quoted(text: string | null): string {
  return JSON.stringify((text ?? "").slice(0, 100));
}
