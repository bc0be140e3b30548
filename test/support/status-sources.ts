/** What the status page is made of, for tests: everything settable, a clock that stands still. */
import { createMetrics, type Metrics } from "../../src/metrics.ts";
import type { StatusSources } from "../../src/page/collect.ts";
import { createStatusPage, type StatusPage } from "../../src/page/page.ts";
import type { Status } from "../../src/page/status.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface PageTest {
  readonly clock: VirtualClock;
  readonly metrics: Metrics;
  readonly page: StatusPage;
  status(): Promise<Status>;
  /** A write request with samples, as it was answered. */
  request(code: number, samples: number): void;
}

/** Runs `use` with a page over `sources`, whose time passes as `clock` says. */
export async function withStatusPage(
  sources: Partial<StatusSources>,
  use: (test: PageTest) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock(Date.UTC(2026, 10, 23, 13));
  const metrics = createMetrics({ version: "1", runtime: "test" });
  metrics.bill.startTime.set(clock.now() / 1000);
  const page = createStatusPage({
    ...{ clock, metrics, version: "0.1.0+3f2a1bc", runtime: "node 24.0.0" },
    archive: { name: "kinesis:metrics", kind: "kinesis", compression: "gzip" },
    pendingBytesMax: 128 * 2 ** 20,
    spool: undefined,
    waitingBytes: () => 0,
    quarantineDirectory: "./quarantine",
    region: "us-east-1",
    configuration: [],
    guarded: false,
    senders: () => [],
    troubles: () => [],
    stopping: () => false,
    full: () => undefined,
    blocked: () => undefined,
    note: () => undefined,
    observe: () => Promise.resolve(),
    ...sources,
  });
  try {
    await clock.settle();
    await use({
      ...{ clock, metrics, page },
      status: async () => JSON.parse(await page.json()),
      request(code, samples) {
        const { received, written, failed, rejected } = metrics.items.samples;
        metrics.requests.inc({ proto: "v1", code });
        metrics.ackDuration.observe(0.2);
        received.inc(samples);
        if (code < 300) written.inc(samples);
        else if (code < 500) rejected.inc({ reason: "test" }, samples);
        else failed.inc({ reason: "test" }, samples);
      },
    });
  } finally {
    page.close();
  }
}
