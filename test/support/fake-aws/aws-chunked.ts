/**
 * Bodies in `aws-chunked` coding with unsigned chunks and a trailer.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html (2026-11)
 */
import { CallRefusal } from "./call.ts";

export interface Unchunked {
  readonly data: Buffer;
  /** By lower-case name. */
  readonly trailer: Readonly<Record<string, string>>;
}

const malformed = (message: string) => new CallRefusal("IncompleteBody", message);

/** The data of the chunks, and the trailer behind them. */
export function readChunked(body: Buffer, decodedLength: string | undefined): Unchunked {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf("\r\n", at);
    const size = /^([0-9a-fA-F]{1,8})(;.*)?$/.exec(end < 0 ? "" : body.toString("latin1", at, end))?.[1];
    if (size === undefined) throw malformed("no size of a chunk where one must stand");
    const bytes = Number.parseInt(size, 16);
    at = end + 2;
    if (bytes === 0) break;
    if (body.toString("latin1", at + bytes, at + bytes + 2) !== "\r\n")
      throw malformed("a chunk is cut short");
    chunks.push(body.subarray(at, at + bytes));
    at += bytes + 2;
  }
  const lines = body.toString("latin1", at).split("\r\n").filter(Boolean);
  const trailer = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const data = Buffer.concat(chunks);
  if (String(data.length) !== decodedLength) {
    throw malformed(`X-Amz-Decoded-Content-Length is ${decodedLength}, the chunks have ${data.length}`);
  }
  return { data, trailer };
}
