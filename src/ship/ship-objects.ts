/**
 * Empties the spool into objects of S3, each under a key that tells when its lines arrived and of which times they are.
 *
 * Frames are read twice: once to learn where the object ends and which times it holds, and once to compress and send
 * it. In between, key and end are written into the cursor. So a crash at any moment leaves either no plan, or a plan
 * whose object is made of the same frames once more and takes the place of itself under the same key: every line is in
 * the archive exactly once. It also means that no object has to fit in memory; the second reading is from the page
 * cache and costs a small part of the compression.
 */
import { formatObjectKey, parseObjectKey } from "../archive/key.ts";
import type { S3Bucket } from "../aws/s3.ts";
import { type Clock, type Random, randomHex, sleep } from "../clock.ts";
import type { Compression } from "../compression.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { backoffMs, transientBackoff } from "../retry.ts";
import type { ObjectPlan, Spool, SpoolCursor, SpoolPosition } from "../sink/spool/spool.ts";
import { withCompressed } from "./object-compress.ts";
import { gather } from "./object-gather.ts";
import { Patience } from "./object-patience.ts";
import {
  abortLeftUploads,
  partBytesDefault,
  type Uploaded,
  type UploadOptions,
  uploadObject,
} from "./object-upload.ts";
import type { Obstacle, Shipper } from "./shipper.ts";

export interface ObjectShipperOptions {
  readonly spool: Spool;
  readonly bucket: S3Bucket;
  /** Before the hour's folders: empty, or ends with `/`. */
  readonly prefix: string;
  readonly compression: Compression;
  /** Bytes of lines at which an object is finished. */
  readonly rotateBytes: number;
  /** Age of its oldest lines at which an object is finished, in ms. */
  readonly rotateAgeMs: number;
  /** Bytes of a part of an object that is put in parts, at least 5 MiB for S3; 8 MiB when it is left out. */
  readonly partBytes?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "puts" | "s3Objects" | "s3Requests" | "sinkBlocked" | "spool">;
}

/** Starts to ship at once: first the object that an earlier run planned and perhaps did not finish. */
export function startObjectShipper(options: ObjectShipperOptions): Shipper {
  return new ObjectShipper(options);
}

/** The part of a key that names who wrote the object. */
const writerName = "prometheus";
const contentTypes: Readonly<Record<Compression, string>> = {
  none: "application/x-ndjson",
  gzip: "application/gzip",
  zstd: "application/zstd",
};
/** After what should not happen. */
const defectPauseMs = 5_000;

class ObjectShipper implements Shipper {
  shippedBytes = 0;
  private readonly options: ObjectShipperOptions;
  private readonly patience: Patience;
  private readonly place: string;
  /** Shrinks when S3, or something before it, refuses objects for their size. */
  private targetBytes: number;
  private readonly hurry = new AbortController();
  private readonly cut = new AbortController();
  private readonly running: Promise<void>;

  constructor(options: ObjectShipperOptions) {
    this.options = options;
    this.place = `s3://${options.bucket.bucket}/${options.prefix}`;
    this.patience = new Patience({ ...options, place: this.place });
    this.targetBytes = options.rotateBytes;
    this.running = this.run();
  }

  get blocked(): Obstacle | undefined {
    return this.patience.blocked;
  }

  async stop(timeoutMs: number): Promise<void> {
    const cut = () => this.cut.abort(new Error("The time to ship is over"));
    const cancel =
      timeoutMs === Number.POSITIVE_INFINITY ? () => {} : this.options.clock.after(timeoutMs, cut);
    this.hurry.abort();
    await this.running;
    cancel();
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    const { clock, log } = this.options;
    let resumed = false;
    while (!this.cut.signal.aborted) {
      try {
        if (!resumed) await this.resume();
        resumed = true;
        if (!(await this.next())) return;
      } catch (error) {
        if (this.cut.signal.aborted) return;
        log.error("shipping failed, trying again", { place: this.place, error: describeError(error) });
        await sleep(clock, defectPauseMs, this.cut.signal).catch(() => undefined);
      }
    }
  }

  /** Finishes what the cursor says was planned. Parts sent then are of no use: nobody knows which came through. */
  private async resume(): Promise<void> {
    const { object } = this.options.spool.cursor;
    if (object === undefined) return;
    const aborted = await abortLeftUploads(this.uploadOptions(object));
    this.options.log.info("finishing the object of an earlier run", {
      key: object.key,
      abortedUploads: aborted,
    });
    await this.ship(object);
  }

  /** Ships one object; false: there is nothing, and nothing to wait for. */
  private async next(): Promise<boolean> {
    const { spool, clock, random, prefix, compression, rotateAgeMs } = this.options;
    const planned = spool.cursor.object;
    if (planned !== undefined) {
      await this.ship(planned);
      return true;
    }
    const gathered = await gather(spool.cursor.position, {
      spool,
      clock,
      targetBytes: this.targetBytes,
      ageMaxMs: rotateAgeMs,
      hurry: this.hurry.signal,
      cut: this.cut.signal,
    });
    if (gathered === undefined || this.cut.signal.aborted) return false;
    const { arrivalMs, times, end } = gathered;
    const unique = randomHex(random) + randomHex(random);
    const key = formatObjectKey({ prefix, name: writerName, arrivalMs, times, unique, compression });
    await this.moveCursor({ position: spool.cursor.position, object: { key, end } });
    await this.ship({ key, end });
    return true;
  }

  /** Stores the planned object and moves the cursor behind it; or takes the plan back, for smaller objects. */
  private async ship(plan: ObjectPlan): Promise<void> {
    const { clock, random, log, metrics } = this.options;
    const { signal } = this.cut;
    for (let attempt = 1; ; attempt++) {
      const startedMs = clock.monotonicMs();
      const read = new PlannedFrames(this.options.spool, plan, signal);
      const uploaded = await this.upload(plan, read);
      if (uploaded.kind === "restart") {
        log.warn("upload to S3 begins anew", { key: plan.key, attempt, message: uploaded.message });
        await sleep(clock, backoffMs(attempt, transientBackoff, random), signal);
        continue;
      }
      if (uploaded.kind === "refused") {
        if (await this.madeSmaller(plan, read, uploaded)) return;
        continue;
      }
      await this.moveCursor({ position: plan.end, object: undefined });
      if (read.bytes === 0) return;
      this.shippedBytes += read.bytes;
      metrics.spool.shippedBytes.inc(read.bytes);
      metrics.puts.rawBytes.inc(read.bytes);
      metrics.puts.sentBytes.inc(uploaded.sentBytes);
      metrics.puts.billedBytes.inc({ billing: "s3" }, uploaded.sentBytes);
      metrics.s3Objects.inc();
      log.info("object stored", {
        key: plan.key,
        rawBytes: read.bytes,
        sentBytes: uploaded.sentBytes,
        durationMs: Math.round(clock.monotonicMs() - startedMs),
      });
      return;
    }
  }

  private async upload(plan: ObjectPlan, read: PlannedFrames): Promise<Uploaded> {
    const frames = read.lines();
    const first = await frames.next();
    // Nothing is left of it: the frames are damaged, or were dropped to make room.
    if (first.done) return { kind: "stored", sentBytes: 0 };
    const lines = withFirst(first.value, frames);
    const compression = this.compressionOf(plan);
    return withCompressed(compression, lines, (bytes) => uploadObject(bytes, this.uploadOptions(plan)));
  }

  /**
   * S3 does not look into objects: what it refuses for good it refuses for its size. So nothing is poison and nothing
   * goes to the quarantine: the frames go in smaller objects, and where one frame alone is too large, someone has to
   * raise a limit. True: the plan is settled.
   */
  private async madeSmaller(
    plan: ObjectPlan,
    read: PlannedFrames,
    { reason, message }: Extract<Uploaded, { readonly kind: "refused" }>,
  ): Promise<boolean> {
    const { bucket, spool, log } = this.options;
    const { signal } = this.cut;
    if (reason === "KeyTooLongError" || !read.isMoreThanOne) {
      await this.patience.block("put", reason, message, signal);
      return false;
    }
    // An earlier attempt may have got through before: then these frames must not go into other objects as well.
    const stored = await this.patience.once("head", () => bucket.head(plan.key, signal));
    signal.throwIfAborted();
    if (stored.kind === "answered" && stored.value !== undefined) {
      await this.moveCursor({ position: plan.end, object: undefined });
      return true;
    }
    this.targetBytes = Math.max(1, Math.floor(Math.min(this.targetBytes, read.bytes) / 2));
    const targetBytes = this.targetBytes;
    log.warn("S3 refuses an object for its size; smaller ones from now on", { reason, message, targetBytes });
    await this.moveCursor({ position: spool.cursor.position, object: undefined });
    return true;
  }

  private uploadOptions(plan: ObjectPlan): UploadOptions {
    const { patience } = this;
    const { bucket, partBytes = partBytesDefault } = this.options;
    const contentType = contentTypes[this.compressionOf(plan)];
    return { bucket, key: plan.key, contentType, patience, signal: this.cut.signal, partBytes };
  }

  /** The key says how its object is compressed, also when the program was started with another choice since. */
  private compressionOf({ key }: ObjectPlan): Compression {
    const parsed = parseObjectKey(key)?.compression ?? "unknown";
    return parsed === "unknown" ? this.options.compression : parsed;
  }

  /** Until the disk takes it. */
  private async moveCursor(to: SpoolCursor): Promise<void> {
    const { spool, clock, random, log } = this.options;
    const { signal } = this.cut;
    for (let attempt = 1; ; attempt++) {
      // A spool that drops its oldest lines for want of room moves the cursor as well.
      const position = isBefore(to.position, spool.cursor.position) ? spool.cursor.position : to.position;
      try {
        return await spool.moveCursor({ ...to, position });
      } catch (error) {
        signal.throwIfAborted();
        log.error("cannot note in the spool what is shipped", { attempt, error: describeError(error) });
        await sleep(clock, backoffMs(attempt, transientBackoff, random), signal);
      }
    }
  }
}

/** The frames of a plan, read once more. */
class PlannedFrames {
  bytes = 0;
  private frames = 0;
  private at: SpoolPosition;
  private readonly spool: Spool;
  private readonly end: SpoolPosition;
  private readonly signal: AbortSignal;

  constructor(spool: Spool, { end }: ObjectPlan, signal: AbortSignal) {
    this.spool = spool;
    this.at = spool.cursor.position;
    this.end = end;
    this.signal = signal;
  }

  /** Whether the plan has more frames than one, as far as it was read. */
  get isMoreThanOne(): boolean {
    return this.frames > 1 || (this.frames === 1 && isBefore(this.at, this.end));
  }

  async *lines(): AsyncGenerator<Uint8Array> {
    while (isBefore(this.at, this.end)) {
      const frame = await this.spool.read(this.at, this.signal);
      this.signal.throwIfAborted();
      // The last frames may be damaged or dropped since: the next whole one belongs to the next object.
      if (frame === undefined || !isBefore(frame.start, this.end)) return;
      this.at = frame.end;
      this.frames++;
      this.bytes += frame.lines.length;
      yield frame.lines;
    }
  }
}

async function* withFirst(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

function isBefore(a: SpoolPosition, b: SpoolPosition): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offsetBytes < b.offsetBytes);
}
