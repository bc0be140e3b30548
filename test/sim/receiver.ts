/** One process of the receiver: the real app and batcher over a faulty sink, until it is killed. */
import { type Batcher, type BatcherOptions, createBatcher } from "../../src/batch/batcher.ts";
import { type App, createApp } from "../../src/http/app.ts";
import { createMetrics, itemKinds, type Metrics } from "../../src/metrics.ts";
import type { Sink } from "../../src/sink/sink.ts";
import { MemoryQuarantine } from "../support/memory-quarantine.ts";
import { silentLog } from "../support/silent-log.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Chance } from "./chance.ts";
import type { SimRequest } from "./payload.ts";
import { ProcessClock } from "./process-clock.ts";

/** What stays the same over all processes of a run. */
export interface ReceiverSettings {
  readonly lingerMs: number;
  readonly batchBytesMax: number;
  readonly recordBytesMax: number | undefined;
  readonly putsInFlightMax: number;
  readonly pendingBytesMax: number;
  readonly ackTimeoutMs: number;
  readonly putTimeoutMs: number;
}

export interface ReceiverOptions {
  readonly settings: ReceiverSettings;
  readonly outside: VirtualClock;
  readonly chance: Chance;
  readonly openSink: (inside: ProcessClock) => Sink;
  /** For proofs that the laws can be broken: puts something in place of the batcher. */
  readonly replaceBatcher: (batcher: Batcher, options: BatcherOptions) => Batcher;
  readonly violate: (what: string) => void;
}

export class Receiver {
  readonly clock: ProcessClock;
  readonly batcher: Batcher;
  readonly metrics: Metrics = createMetrics({ version: "sim", runtime: "sim" });
  private readonly options: ReceiverOptions;
  private readonly app: App;
  private readonly crashed: Promise<undefined>;
  private crash: (answer: undefined) => void = () => undefined;
  private draining = false;
  private readonly ackedItems = { samples: 0, histograms: 0, exemplars: 0 };

  constructor(options: ReceiverOptions) {
    const { settings, outside, chance, openSink, replaceBatcher } = options;
    this.options = options;
    this.clock = new ProcessClock(outside);
    this.crashed = new Promise((resolve) => {
      this.crash = resolve;
    });
    const common = { ...settings, metrics: this.metrics, log: silentLog, clock: this.clock };
    const batcherOptions: BatcherOptions = {
      ...common,
      compression: "none",
      random: chance.random,
      sink: openSink(this.clock),
      quarantine: new MemoryQuarantine(),
    };
    this.batcher = replaceBatcher(createBatcher(batcherOptions), batcherOptions);
    this.app = createApp({
      ...common,
      batcher: this.batcher,
      bodyBytesMax: 1 << 20,
      decodedBytesMax: 1 << 20,
      ready: () => (this.draining ? "draining" : undefined),
      blocked: () => this.batcher.blocked?.message,
    });
  }

  /** The answer, or undefined where the connection broke with the process. */
  async post(request: SimRequest): Promise<Response | undefined> {
    const { outside, settings, violate } = this.options;
    let uploadedMs = outside.monotonicMs();
    const upload = this.upload(request, () => {
      uploadedMs = outside.monotonicMs();
    });
    const answer = Promise.resolve(this.app.fetch(upload.request, { address: "192.0.2.1" }));
    const response = await Promise.race([answer, this.crashed]);
    upload.end();
    if (response === undefined) return undefined;
    const tookMs = outside.monotonicMs() - uploadedMs;
    if (tookMs > settings.ackTimeoutMs + 1) violate(`${request.id} was answered after ${tookMs} ms`);
    if (response.status === 204 || response.status === 400) this.countAcked(request);
    this.checkPending();
    return response;
  }

  /** Nothing is accepted any more; the answer is what was left pending. */
  async drain(timeoutMs: number): Promise<number> {
    this.draining = true;
    const left = await Promise.race([this.batcher.drain(timeoutMs), this.crashed]);
    if (left === undefined) return 0;
    if (left !== this.batcher.pendingBytes) this.options.violate(`drain left ${left}, but pending is else`);
    return left;
  }

  kill(): void {
    this.clock.kill();
    this.crash(undefined);
  }

  checkPending(): void {
    const { pendingBytes } = this.batcher;
    const { pendingBytesMax } = this.options.settings;
    if (pendingBytes < 0 || pendingBytes > pendingBytesMax) {
      this.options.violate(`${pendingBytes} pending bytes, the ceiling is ${pendingBytesMax}`);
    }
  }

  /** Asked when all senders are done and nothing is under way. */
  async checkIdle(): Promise<void> {
    const { violate } = this.options;
    const {
      items,
      puts: { pendingBytes, putsInFlight },
    } = this.metrics;
    if (this.batcher.pendingBytes !== 0) violate(`${this.batcher.pendingBytes} bytes stay pending`);
    if (this.clock.pendingTimers !== 0) violate(`${this.clock.pendingTimers} timers stay`);
    const gauges = [pendingBytes, putsInFlight, ...itemKinds.map((kind) => items[kind].pending)];
    for (const gauge of gauges) {
      const { name, values } = await gauge.get();
      if (values.some(({ value }) => value !== 0)) violate(`${name} stays above 0`);
    }
    for (const kind of ["samples", "histograms", "exemplars"] as const) {
      const [written] = (await items[kind].written.get()).values;
      if (written?.value !== this.ackedItems[kind]) {
        violate(`${kind} written: counted ${written?.value}, answered ${this.ackedItems[kind]}`);
      }
    }
  }

  private countAcked({ written }: SimRequest): void {
    for (const kind of ["samples", "histograms", "exemplars"] as const)
      this.ackedItems[kind] += written[kind];
  }

  /** The request as it comes in: at once with its length, or in pieces over some time without it. */
  private upload({ body, version }: SimRequest, onUploaded: () => void) {
    const { chance, outside } = this.options;
    const headers: Record<string, string> = { "Content-Encoding": "snappy" };
    if (version === 2)
      headers["Content-Type"] = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
    const url = `http://receiver.test${chance.pick(["/receive", "/api/v1/write"])}`;
    const init = { method: "POST", headers, duplex: "half" as const };
    if (chance.happens(0.2)) {
      const stream = this.inPieces(body, onUploaded);
      return { request: new Request(url, { ...init, body: stream }), end: () => undefined };
    }
    headers["Content-Length"] = String(body.length);
    const request = new Request(url, { ...init, body });
    // Runtimes read a body at their own pace, unseen by the clock.
    const release = outside.hold();
    const read = request.arrayBuffer.bind(request);
    const readHeld = async () => {
      try {
        return await read();
      } finally {
        release();
      }
    };
    Object.defineProperty(request, "arrayBuffer", { value: readHeld });
    return { request, end: release };
  }

  private inPieces(body: Uint8Array<ArrayBuffer>, onUploaded: () => void): ReadableStream<Uint8Array> {
    const { chance } = this.options;
    const pieceBytes = Math.ceil(body.length / chance.int(1, 4));
    const delayMs = chance.int(0, 300);
    let at = 0;
    let isCancelled = false;
    return new ReadableStream({
      cancel: () => {
        isCancelled = true;
      },
      pull: (controller) =>
        new Promise<void>((resolve) => {
          this.clock.after(delayMs, () => {
            if (isCancelled) return resolve();
            controller.enqueue(body.subarray(at, at + pieceBytes));
            at += pieceBytes;
            if (at >= body.length) {
              controller.close();
              onUploaded();
            }
            resolve();
          });
        }),
    });
  }
}
