/** Tells what each sink and compression would cost. Reads no credentials and asks AWS nothing. */
import { type Prices, pricesOf } from "../bill/prices.ts";
import { systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { readOwnFlag } from "../config/own-flag.ts";
import { type PlanFlags, planFlags } from "../config/plan-flags.ts";
import { ConfigError } from "../errors.ts";
import { type Measured, readMeasured } from "../plan/measured.ts";
import { type PlanRow, plan } from "../plan/plan.ts";
import { tableOf } from "../plan/table.ts";
import type { Platform } from "../platform.ts";
import { requestsFor } from "../ship/object-upload.ts";
import { faultMessage } from "../sink/file/fault.ts";
import { firehoseLimits } from "../sink/firehose.ts";
import { kinesisLimits } from "../sink/kinesis.ts";
import { readText } from "./read-text.ts";

/** The same question has the same answer. */
const seed = 20261101;
const fetchTimeoutMs = 10_000;
/** Many times what we ever answer. */
const metricsBytesMax = 16 * 1024 * 1024;

/** Exit code 0; with --log-format json a JSON object a row. */
export async function runPlan(
  config: Config,
  { writeOut, env }: Pick<Platform, "writeOut" | "env">,
  ownTexts: ReadonlyMap<string, string>,
): Promise<number> {
  const asked = readPlanFlags(ownTexts);
  const measured = asked.from === undefined ? undefined : await measure(asked.from);
  const samplesPerSecond = asked.samplesPerSecond ?? rateOf(asked.from, measured);
  const region = config.region ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"];
  const prices = pricesOf(region);
  // Behind a spool lines wait for company a second time, and longer.
  const lingerMs = config.spoolDirectory === undefined ? config.lingerMs : config.shipLingerMs;
  const rows = await plan({
    ...config,
    ...asked,
    samplesPerSecond,
    lingerMs,
    measured,
    prices,
    limits: { kinesis: kinesisLimits, firehose: firehoseLimits },
    requestsFor,
    random: seeded(seed),
  });
  if (config.logFormat === "json") for (const row of rows) writeOut(`${JSON.stringify(row)}\n`);
  else
    writeOut(
      `${titleOf(samplesPerSecond, asked, measured)}\n\n${tableOf(rows)}\n${notesOf(rows, prices, region)}`,
    );
  return 0;
}

function readPlanFlags(texts: ReadonlyMap<string, string>): PlanFlags {
  return {
    samplesPerSecond: readOwnFlag(planFlags, "samples-per-second", texts),
    series: readOwnFlag(planFlags, "series", texts) ?? 0,
    senders: readOwnFlag(planFlags, "senders", texts) ?? 1,
    from: readOwnFlag(planFlags, "from", texts),
  };
}

async function measure(from: string): Promise<Measured> {
  try {
    return readMeasured(
      /^https?:\/\//.test(from) ? await fetchMetrics(from) : await readText(from, metricsBytesMax),
    );
  } catch (error) {
    throw new ConfigError(1, `cannot plan from ${from}: ${faultMessage(error)}`, { cause: error });
  }
}

/** `url` may be that of the instance or of its /metrics. */
async function fetchMetrics(url: string): Promise<string> {
  const { href } = new URL(new URL(url).pathname === "/" ? "/metrics" : url, url);
  const response = await fetch(href, { signal: AbortSignal.timeout(fetchTimeoutMs) });
  const text = await response.text();
  if (!response.ok) throw new RangeError(`${href} answers ${response.status}`);
  return text;
}

/** Samples a second since the instance started, when it can be asked now. */
function rateOf(from: string | undefined, measured: Measured | undefined): number {
  const seconds = systemClock.now() / 1000 - (measured?.startSeconds ?? Number.NaN);
  if (measured !== undefined && /^https?:/.test(from ?? "") && measured.startSeconds > 0 && seconds >= 1)
    return measured.lines / seconds;
  throw new ConfigError(2, "plan needs --samples-per-second N: how many samples all senders send together");
}

function titleOf(
  samplesPerSecond: number,
  { series, senders, from }: PlanFlags,
  measured: Measured | undefined,
): string {
  const rate = `${Number(samplesPerSecond.toPrecision(4)).toLocaleString("en-US")} samples/s`;
  if (measured === undefined) {
    const of = senders === 1 ? "one Prometheus" : `${senders} Prometheus servers`;
    return `${rate} of ${series.toLocaleString("en-US")} series from ${of}, lines like those of a Kubernetes cluster`;
  }
  const { sink, compression, bytesPerLine, rawBytes, sentBytes } = measured;
  const size = `${Math.round(bytesPerLine)} bytes a sample`;
  const smaller = `${(rawBytes / sentBytes).toFixed(1)} times smaller with ${compression} into ${sink}`;
  return `${rate}, as ${from} has them: ${size}, ${smaller}`;
}

function notesOf(rows: readonly PlanRow[], { region, asOf }: Prices, asked: string | undefined): string {
  const elsewhere =
    asked === undefined || asked === region ? "" : `, since those of ${asked} are not known here`;
  const shards = rows.some(({ shards }) => shards > 1)
    ? " Shards are those of the average: leave room for peaks."
    : "";
  return [
    `Prices of ${region} (${asOf})${elsewhere}, without tax and what readers pay.${shards}`,
    "$/month kept: what S3 Standard asks each month for keeping what one month brings, compressed like this.",
    "A Firehose that reads from Kinesis costs its own row besides.",
    "",
  ].join("\n");
}

/** Chance that repeats itself (a linear congruential generator modulo 2^32). */
function seeded(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
