/** One object on its way to S3: a single put where it is small, parts where it is not; in memory are a few parts. */
import type { S3Bucket, S3Upload } from "../aws/s3.ts";
import type { UploadedPart } from "../aws/s3-xml.ts";
import type { Patience, S3Failure } from "./object-patience.ts";

export interface UploadOptions {
  readonly bucket: S3Bucket;
  readonly key: string;
  readonly contentType: string;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** Bytes of a part, at least `s3PartBytesMin`. */
  readonly partBytes: number;
}

/** `restart`: what was begun is gone. `refused`: S3 does not take it as it is, now or later. */
export type Uploaded =
  | { readonly kind: "stored"; readonly sentBytes: number }
  | { readonly kind: "restart"; readonly message: string }
  | { readonly kind: "refused"; readonly reason: string; readonly message: string };

/** Bytes of a part, when nothing else is asked for. Ten thousand of them, the most that S3 takes, make 80 GiB. */
export const partBytesDefault = 8 * 1024 * 1024;
/** An object of so many parts is put at once: one request in place of three and more. */
const singlePutParts = 2;
const partsInFlightMax = 2;

/** Requests that put an object of so many bytes, where nothing fails. */
export function requestsFor(objectBytes: number, partBytes = partBytesDefault): number {
  const parts = Math.ceil(objectBytes / partBytes);
  return parts <= singlePutParts ? 1 : parts + 2;
}

/** Stores the bytes under `key`. Rejects with the reason of `signal` once it is aborted, or with what `chunks` does. */
export async function uploadObject(
  chunks: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<Uploaded> {
  const held: Bytes[] = [];
  let upload: PartUpload | undefined;
  try {
    for await (const part of cutParts(chunks, options.partBytes)) {
      held.push(part);
      if (held.length <= singlePutParts && upload === undefined) continue;
      upload ??= new PartUpload(options);
      for (const each of held.splice(0)) if (!(await upload.add(each))) return await upload.giveUp();
    }
    return upload === undefined ? await putAtOnce(held, options) : await upload.complete();
  } catch (error) {
    await upload?.giveUp();
    throw error;
  }
}

/** Removes uploads of `key` that were begun and not ended, here or in an earlier run; answers how many. */
export async function abortLeftUploads({ bucket, key, patience, signal }: UploadOptions): Promise<number> {
  const listed = await patience.once("list", () => bucket.listUploads(key, signal));
  if (listed.kind === "failed") return 0;
  const aborted = await Promise.all(
    listed.value.map((left) => patience.once("abort", () => bucket.abortUpload(left, signal))),
  );
  return aborted.filter(({ kind }) => kind === "answered").length;
}

type Bytes = Uint8Array<ArrayBuffer>;

async function putAtOnce(parts: readonly Bytes[], options: UploadOptions): Promise<Uploaded> {
  const { bucket, key, contentType, patience, signal } = options;
  const body = parts.length === 1 ? parts[0]! : concat(parts);
  const answer = await patience.untilAnswered(
    "put",
    () => bucket.put(key, body, contentType, signal),
    signal,
  );
  return answer.kind === "failed" ? failed(answer) : { kind: "stored", sentBytes: body.length };
}

/** An upload in parts; begun with the first part, at most a few of them on their way. */
class PartUpload {
  private readonly options: UploadOptions;
  private begun: S3Upload | undefined;
  private readonly parts: UploadedPart[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private count = 0;
  private sentBytes = 0;
  private attempts = 0;
  private failure: { readonly answer: S3Failure } | { readonly error: unknown } | undefined;

  constructor(options: UploadOptions) {
    this.options = options;
  }

  /** Resolves when the next part may come; false: no further part will help. */
  async add(body: Bytes): Promise<boolean> {
    if (!(await this.begin())) return false;
    while (this.underWay.size >= partsInFlightMax) await Promise.race(this.underWay);
    if (this.failure !== undefined) return false;
    const partNumber = ++this.count;
    const part = this.send(partNumber, body).finally(() => this.underWay.delete(part));
    this.underWay.add(part);
    return true;
  }

  async complete(): Promise<Uploaded> {
    await Promise.all(this.underWay);
    const { bucket, patience, signal } = this.options;
    const upload = this.begun;
    if (this.failure !== undefined || upload === undefined) return this.giveUp();
    const parts = this.parts.sort((a, b) => a.partNumber - b.partNumber);
    const complete = () => bucket.completeUpload(upload, parts, signal);
    const answer = await patience.untilAnswered("complete", complete, signal);
    if (answer.kind === "failed") {
      this.failure = { answer };
      return this.giveUp();
    }
    // Begun more than once, it may have been begun without our hearing of it.
    if (this.attempts > 1) await abortLeftUploads(this.options);
    return { kind: "stored", sentBytes: this.sentBytes };
  }

  /** Removes what was sent. Throws what made it necessary, where that was no answer of S3. */
  async giveUp(): Promise<Uploaded> {
    await Promise.all(this.underWay);
    const { bucket, patience, signal } = this.options;
    const { begun, failure } = this;
    this.begun = undefined;
    if (begun !== undefined && !signal.aborted)
      await patience.once("abort", () => bucket.abortUpload(begun, signal));
    if (failure !== undefined && "error" in failure) throw failure.error;
    return failure === undefined ? { kind: "restart", message: "given up" } : failed(failure.answer);
  }

  private async begin(): Promise<boolean> {
    if (this.begun !== undefined || this.failure !== undefined) return this.failure === undefined;
    const { bucket, key, contentType, patience, signal } = this.options;
    const create = () => {
      this.attempts++;
      return bucket.createUpload(key, contentType, signal);
    };
    const answer = await patience.untilAnswered("create", create, signal);
    if (answer.kind === "answered") this.begun = answer.value;
    else this.failure = { answer };
    return answer.kind === "answered";
  }

  /** Never rejects: what goes wrong is kept for `add`, `complete` and `giveUp`. */
  private async send(partNumber: number, body: Bytes): Promise<void> {
    const { bucket, patience, signal } = this.options;
    const upload = this.begun!;
    try {
      const send = () => bucket.uploadPart(upload, partNumber, body, signal);
      const answer = await patience.untilAnswered("part", send, signal);
      if (answer.kind === "failed") {
        this.failure ??= { answer };
        return;
      }
      this.parts.push(answer.value);
      this.sentBytes += body.length;
    } catch (error) {
      this.failure ??= { error };
    }
  }
}

function failed({ verdict }: S3Failure): Uploaded {
  const { reason, message } = verdict;
  return verdict.kind === "refused" ? { kind: "refused", reason, message } : { kind: "restart", message };
}

/** The same bytes in pieces of `partBytes`; the last may be shorter. */
async function* cutParts(chunks: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Bytes> {
  // Not one buffer for all: a part that was given up may still be read by the request that had it.
  let part = new Uint8Array(partBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + partBytes - filled);
      part.set(piece, filled);
      at += piece.length;
      filled += piece.length;
      if (filled < partBytes) continue;
      yield part;
      part = new Uint8Array(partBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

function concat(pieces: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
