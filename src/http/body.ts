import { RequestError } from "../errors.ts";
import { ByteWriter, WriterFullError } from "../wire/byte-writer.ts";

/**
 * The whole body of a request, at most `bytesMax` bytes; never holds more than that. Throws RequestError 413 above,
 * and 400 where the sender goes away in the middle.
 */
export async function readBody(request: Request, bytesMax: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > bytesMax) throw tooLarge(bytesMax);
  try {
    // An announced length is what the HTTP parser delivers at the most, so the fast way is bounded as well.
    if (announced >= 0) return new Uint8Array(await request.arrayBuffer());
    return await readStream(request, bytesMax);
  } catch (error) {
    if (error instanceof WriterFullError) throw tooLarge(bytesMax);
    throw new RequestError(400, "Cannot read the body: it ended early", { cause: error });
  }
}

/** Copies each chunk as it comes: kept for later, chunks of one byte would take a hundred times their size. */
async function readStream(request: Request, bytesMax: number): Promise<Uint8Array> {
  const body = new ByteWriter(bytesMax);
  if (request.body !== null) {
    for await (const chunk of request.body) {
      body.reserve(chunk.length);
      body.bytes.set(chunk, body.length);
      body.length += chunk.length;
    }
  }
  return body.written();
}

function tooLarge(bytesMax: number): RequestError {
  return new RequestError(
    413,
    `The compressed body is larger than ${bytesMax} bytes: ` +
      "send less at once (max_samples_per_send), or raise --body-bytes",
  );
}
