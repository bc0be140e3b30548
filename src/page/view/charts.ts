/** The charts of the last hour. */
import { html } from "hono/html";
import * as format from "../format.ts";
import type { Status } from "../status.ts";
import { type Chart, chartOf, windowOf } from "./chart.ts";
import type { Html } from "./icon.ts";

const perSecond = (value: number) => `${format.short(value)}/s`;

const samples: Chart = {
  title: "Samples per second",
  format: perSecond,
  merge: "mean",
  curves: [
    { name: "received", of: (row) => row.receivedPerSecond },
    { name: "durable", of: (row) => row.durablePerSecond },
  ],
};
const answers: Chart = {
  title: "Write requests by answer",
  format: perSecond,
  merge: "mean",
  curves: [
    { name: "acknowledged", of: (row) => row.answeredPerSecond["2xx"] },
    { name: "refused (4xx)", of: (row) => row.answeredPerSecond["4xx"] },
    { name: "try again (5xx)", of: (row) => row.answeredPerSecond["5xx"] },
  ],
};
const ack: Chart = {
  title: "Time to acknowledge",
  format: format.ms,
  merge: "most",
  curves: [
    { name: "median", of: (row) => row.ackMedianMs },
    { name: "99 %", of: (row) => row.ack99Ms },
  ],
};
const put: Chart = {
  title: "Duration of a put",
  format: format.ms,
  merge: "most",
  curves: [
    { name: "median", of: (row) => row.putMedianMs },
    { name: "99 %", of: (row) => row.put99Ms },
  ],
};
const records: Chart = {
  title: "Records put",
  format: perSecond,
  merge: "mean",
  curves: [
    { name: "durable", of: (row) => row.recordsPerSecond },
    { name: "retried", of: (row) => row.retriedPerSecond },
    { name: "throttled", of: (row) => row.throttledPerSecond },
  ],
};
const pending: Chart = {
  title: "Pending lines",
  format: format.bytes,
  merge: "most",
  base: 1024,
  curves: [{ name: "not yet durable", of: (row) => row.pendingBytes }],
};
const spool: Chart = {
  title: "Spool",
  format: format.bytes,
  merge: "most",
  base: 1024,
  curves: [{ name: "waiting to be shipped", of: (row) => row.waitingBytes }],
};
const shipped: Chart = {
  title: "Shipped from the spool",
  format: (value) => `${format.bytes(value)}/s`,
  merge: "mean",
  base: 1024,
  curves: [{ name: "lines", of: (row) => row.shippedBytesPerSecond }],
};

/** Six charts: a spool has its own in place of what it makes dull. */
export function charts({ history, at, spool: spooled, archive }: Status): Html {
  const window = windowOf(history, Date.parse(at));
  // Objects are no records: there are a few an hour.
  const behind = archive.kind === "s3" ? [shipped, pending] : [put, records];
  const all = [samples, answers, ack, ...behind, spooled === undefined ? pending : spool];
  return html`<section aria-labelledby="rates"><h2 id="rates" class="unseen">Rates and latencies</h2>
  <div class="charts">${all.map((chart) => chartOf(chart, history, window, at))}</div></section>`;
}
