/** One process of the receiver: the real app over the real intake, until it is killed. */
import { type App, createApp } from "../../src/http/app.ts";
import { createMetrics, itemKinds, type Metrics } from "../../src/metrics.ts";
import { silentLog } from "../support/silent-log.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Chance } from "./chance.ts";
import { type Intake, type IntakeParts, openIntake } from "./intake.ts";
import type { SimRequest } from "./payload.ts";
import { ProcessClock } from "./process-clock.ts";
import { longestLine, type SimSettings } from "./settings.ts";

export interface ReceiverOptions {
  readonly settings: SimSettings;
  readonly outside: VirtualClock;
  readonly chance: Chance;
  /** The machine's wall clock minus the true time, in ms. */
  readonly clockOffMs: number;
  /** What the process is made of. */
  readonly parts: (clock: ProcessClock, metrics: Metrics) => IntakeParts;
  readonly violate: (what: string) => void;
}

export class Receiver {
  readonly clock: ProcessClock;
  readonly metrics: Metrics = createMetrics({ version: "sim", runtime: "sim" });
  private readonly options: ReceiverOptions;
  private readonly crashed: Promise<undefined>;
  private app: App | undefined;
  private opened: Intake | undefined;
  private crash: (answer: undefined) => void = () => undefined;
  private draining = false;
  private readonly ackedItems = { samples: 0, histograms: 0, exemplars: 0 };

  constructor(options: ReceiverOptions) {
    this.options = options;
    this.clock = new ProcessClock(options.outside, options.clockOffMs);
    this.crashed = new Promise((resolve) => {
      this.crash = resolve;
    });
  }

  /** Rejects when it cannot start; never ends when it is killed meanwhile. */
  async start(): Promise<void> {
    const { settings, parts } = this.options;
    const intake = await openIntake(parts(this.clock, this.metrics));
    this.opened = intake;
    this.app = createApp({
      ...settings,
      metrics: this.metrics,
      log: silentLog,
      clock: this.clock,
      batcher: intake.batcher,
      bodyBytesMax: 1 << 20,
      decodedBytesMax: 1 << 20,
      ready: () => (this.draining ? "draining" : intake.full()),
      blocked: () => intake.blocked(),
    });
  }

  get intake(): Intake | undefined {
    return this.opened;
  }

  /** The answer, or undefined where the connection broke with the process. */
  async post(request: SimRequest): Promise<Response | undefined> {
    const { outside, settings, violate } = this.options;
    if (this.app === undefined) return undefined;
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
    this.checkBounds();
    return response;
  }

  /** As a signal ends the program: answers what it can, ships what it can; the answer is what was left pending. */
  async stop(timeoutMs: number): Promise<number> {
    return (await Promise.race([this.end(timeoutMs), this.crashed])) ?? 0;
  }

  kill(): void {
    this.clock.kill();
    this.crash(undefined);
  }

  /** Held to its ceilings at any time. */
  checkBounds(): void {
    const { settings, violate } = this.options;
    const { opened } = this;
    if (opened === undefined) return;
    const { pendingBytes } = opened.batcher;
    if (pendingBytes < 0 || pendingBytes > settings.pendingBytesMax) {
      violate(`${pendingBytes} pending bytes, the ceiling is ${settings.pendingBytesMax}`);
    }
    const shipping = opened.shippingBatcher?.pendingBytes ?? 0;
    // A frame is read whole, be it larger than the window; it is of one batch, and a batch holds whole lines.
    const shippingMax = Math.max(opened.windowBytesMax, settings.batchBytesMax, longestLine(settings));
    if (shipping < 0 || shipping > shippingMax) {
      violate(`${shipping} bytes are being shipped, the window is ${opened.windowBytesMax}`);
    }
  }

  /** Asked when all senders are done and nothing is under way. */
  async checkIdle(): Promise<void> {
    const { violate } = this.options;
    const { items, puts, spoolPuts } = this.metrics;
    if (this.opened?.batcher.pendingBytes !== 0) violate("bytes stay pending");
    const gauges = [puts, spoolPuts].flatMap(({ pendingBytes, putsInFlight }) => [
      pendingBytes,
      putsInFlight,
    ]);
    for (const gauge of [...gauges, ...itemKinds.map((kind) => items[kind].pending)]) {
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

  /** Lines that may be twice, as it has counted them. */
  async duplicateRisk(): Promise<number> {
    return sum(await this.metrics.duplicateRisk.get());
  }

  /** Frames of the spool that could not be read. */
  async damagedFrames(): Promise<number> {
    return sum(await this.metrics.spool.damagedFrames.get());
  }

  private async end(timeoutMs: number): Promise<number> {
    const { opened, clock, options } = this;
    this.draining = true;
    if (opened === undefined) return 0;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const left = await opened.batcher.drain(timeoutMs);
    if (left !== opened.batcher.pendingBytes) options.violate(`drain left ${left}, but pending is else`);
    const leftMs = Math.max(0, deadlineMs - clock.monotonicMs());
    await opened.close(leftMs);
    return left;
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
      cancel() {
        isCancelled = true;
      },
      pull: (controller) =>
        new Promise<void>((resolve) => {
          this.clock.after(delayMs, () => {
            // Whoever waited no longer has cancelled it.
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

function sum({ values }: { readonly values: readonly { readonly value: number }[] }): number {
  return values.reduce((total, { value }) => total + value, 0);
}
