/** One row of the fault matrix: the real program under load while something goes wrong, and one verdict for all. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describeFaults, Ledger, type Verdict } from "../support/ledger.ts";
import { type Load, startLoad } from "../support/load.ts";
import { type Program, type ProgramKind, withDirectory } from "../support/program.ts";
import { sumOf } from "../support/prometheus.ts";
import { waitUntil } from "../support/server-process.ts";
import { ProgramLives } from "./program-lives.ts";
import { openSinkEnd, quarantinedLines, type SinkEnd, type SinkKind } from "./sink-end.ts";
import { type SmallDisk, withSmallDisk } from "./small-disk.ts";

export interface Row {
  readonly name: string;
  readonly kind: ProgramKind;
  readonly sink: SinkKind;
  readonly spool?: boolean;
  readonly args?: readonly string[];
  /** Not set: 32MiB. */
  readonly pendingBytes?: string;
  /** Its credentials come from the container endpoint and hold so long. */
  readonly tokenLifetimeMs?: number;
  /** The directory of the row that is a small disk. */
  readonly disk?: "archive" | "spool";
  /** Not set: 6, of all of them 3000 lines a second in requests of at most 600 series. */
  readonly senders?: number;
  readonly linesPerSecond?: number;
  readonly series?: number;
  /** Called under load. What goes wrong has to be over when it resolves. */
  readonly fault: (run: Run) => Promise<void>;
  /** What holds in this row beside the verdict. */
  readonly check?: (outcome: Outcome) => void;
}

export interface Run {
  readonly sink: SinkEnd;
  readonly load: Load;
  readonly disk: SmallDisk;
  /** The program as it runs now. */
  program(): Program;
  /** SIGKILL, and the same command again after `downMs`. */
  killAndRestart(downMs: number): Promise<void>;
  /** SIGTERM, the exit code 0, and the same command again. */
  stopAndRestart(): Promise<void>;
  /** Resolves when so many more lines have been acked. */
  untilAcked(more: number): Promise<void>;
  /** The program's own metrics. */
  metrics(): Promise<string>;
}

export interface Outcome {
  readonly verdict: Verdict;
  readonly quarantined: readonly string[];
  readonly load: Load;
  /** Of the last process, at the end. */
  readonly metrics: string;
  readonly log: string;
  readonly p99AckMs: number;
  readonly rssPeakBytes: number;
  /** How often the program was started. */
  readonly lives: number;
  /** The longest that it took to ack again what `untilAcked` asked for, and to empty the spool after the load. */
  readonly backMs: number;
  readonly shippedMs: number;
  readonly seconds: number;
}

const warmUpMs = 1_000;
/** How long senders may need for their last answers, once nothing is wrong any more. */
const lastAnswersMs = 45_000;
const shippedWithinMs = 60_000;
const diskBytes = 24 * 2 ** 20;
const noDisk: SmallDisk = { fill: () => undefined, free: () => undefined };
/** What is above --pending-bytes is the runtime's own, and its garbage. */
const rssMaxBytes = 300 * 2 ** 20;

/** Runs the row, prints its line of the table, and asserts that nothing acked is lost. */
export async function runRow(row: Row): Promise<void> {
  const startedMs = performance.now();
  await withDirectory(async (directory) => {
    const sink = await openSinkEnd(row.sink, directory, row.tokenLifetimeMs);
    try {
      const lead = { row, directory, sink, startedMs };
      const outcome =
        row.disk === undefined
          ? await underLoad({ ...lead, disk: noDisk })
          : await withSmallDisk(`${directory}/${row.disk}`, diskBytes, (disk) =>
              underLoad({ ...lead, disk }),
            );
      console.log(tableRow(row, outcome));
      assertGood(row, outcome, sink);
    } finally {
      await sink.close();
    }
  });
}

function assertGood(row: Row, outcome: Outcome, sink: SinkEnd): void {
  const { verdict, load, log, metrics, rssPeakBytes } = outcome;
  const end = `${row.name}\n${log.slice(-3_000)}`;
  assert.equal(describeFaults(verdict), "", end);
  assert.deepEqual(load.counts.wrong.slice(0, 3), [], end);
  assert.deepEqual(sink.problems().slice(0, 3), [], end);
  assert.ok(verdict.acked > 0, "nothing was acked");
  assert.equal(sumOf(metrics, "prometheus_remote_kinesis_samples_dropped_total"), 0);
  assert.ok(rssPeakBytes <= rssMaxBytes, `RSS peak ${rssPeakBytes}, at most ${rssMaxBytes}`);
  // A life that was killed told nobody what it was about to confirm.
  if (outcome.lives === 1)
    assert.ok(verdict.repeated <= duplicateRisk(outcome), "more lines are twice than it tells");
  row.check?.(outcome);
}

/** Lines that the program itself counts as perhaps twice. */
function duplicateRisk({ metrics }: Pick<Outcome, "metrics">): number {
  return sumOf(metrics, "prometheus_remote_kinesis_duplicate_risk_lines_total") ?? 0;
}

interface Surroundings {
  readonly row: Row;
  readonly directory: string;
  readonly sink: SinkEnd;
  readonly disk: SmallDisk;
  readonly startedMs: number;
}

async function underLoad({ row, directory, sink, disk, startedMs }: Surroundings): Promise<Outcome> {
  const program = await ProgramLives.start(row.kind, directory, argumentsOf(row, directory, sink), sink.env);
  try {
    const ledger = new Ledger();
    const { senders = 6, linesPerSecond = 3_000, series = 600 } = row;
    const load = startLoad({ url: program.url, ledger, senders, linesPerSecond, series, seed: 1 });
    let backMs = 0;
    const untilAcked = async (more: number) => {
      const fromMs = performance.now();
      const goal = ledger.ackedCount + more;
      await waitUntil(`${goal} lines are acked`, lastAnswersMs, async () => ledger.ackedCount >= goal);
      backMs = Math.max(backMs, performance.now() - fromMs);
    };
    try {
      await sleep(warmUpMs);
      await row.fault({
        sink,
        load,
        disk,
        untilAcked,
        program: () => program.current,
        killAndRestart: (downMs) => program.killAndRestart(downMs),
        stopAndRestart: () => program.stopAndRestart(),
        metrics: () => program.metrics(),
      });
      await untilAcked(1);
    } catch (error) {
      throw new Error(`${row.name}\n${program.log().slice(-3_000)}`, { cause: error });
    } finally {
      await load.stop(lastAnswersMs);
    }
    const stoppedMs = performance.now();
    if (hasSpool(row)) await untilShipped(program);
    const shippedMs = performance.now() - stoppedMs;
    const metrics = await program.metrics();
    await program.stop();
    const quarantined = quarantinedLines(`${directory}/quarantine`);
    const verdict = ledger.judge(await sink.lines(), quarantined, hasSpool(row));
    const ackMs = load.counts.ackMs.toSorted((a, b) => a - b);
    return {
      verdict,
      quarantined,
      load,
      metrics,
      log: program.log(),
      p99AckMs: ackMs[Math.floor(ackMs.length * 0.99)] ?? 0,
      rssPeakBytes: program.rssPeakBytes,
      lives: program.lives,
      backMs,
      shippedMs,
      seconds: (performance.now() - startedMs) / 1_000,
    };
  } finally {
    await program.kill();
  }
}

function hasSpool({ sink, spool }: Row): boolean {
  return spool === true || sink === "s3";
}

function argumentsOf(row: Row, directory: string, sink: SinkEnd): string[] {
  const { sink: kind, pendingBytes = "32MiB", args = [] } = row;
  const common = ["--pending-bytes", pendingBytes, "--linger", "50ms", "--rotate-age", "2s"];
  const quarantine = ["--quarantine-dir", `${directory}/quarantine`];
  const lingering = kind === "s3" ? [] : ["--ship-linger", "100ms"];
  const spooling = hasSpool(row) ? ["--spool-dir", `${directory}/spool`, ...lingering] : [];
  return [...sink.args, ...common, ...quarantine, ...spooling, ...args];
}

async function untilShipped(program: ProgramLives): Promise<void> {
  try {
    await waitUntil("the spool is shipped", shippedWithinMs, async () => {
      return sumOf(await program.metrics(), "prometheus_remote_kinesis_spool_oldest_age_seconds") === 0;
    });
  } catch (error) {
    throw new Error(program.log().slice(-3_000), { cause: error });
  }
}

function tableRow({ name, kind }: Row, { verdict, load, ...outcome }: Outcome): string {
  const { acked, delivered, lost, duplicated, repeated, unknown, quarantined } = verdict;
  const { unavailable, broken, refused } = load.counts;
  const cells = [
    `${name} (${kind})`,
    `acked ${acked}`,
    `delivered ${delivered}`,
    `lost ${lost.length}`,
    `unknown ${unknown.length}`,
    `duplicated ${duplicated}`,
    `repeated ${repeated} (risk told ${duplicateRisk(outcome)})`,
    `5xx ${unavailable}`,
    `broken ${broken}`,
    `refused ${refused}`,
    `quarantined ${quarantined}`,
    `p99 ${outcome.p99AckMs.toFixed(0)} ms`,
    `back after ${(outcome.backMs / 1_000).toFixed(1)} s`,
    `shipped after ${(outcome.shippedMs / 1_000).toFixed(1)} s`,
    `RSS ${(outcome.rssPeakBytes / 2 ** 20).toFixed(0)} MiB`,
    `${outcome.seconds.toFixed(1)} s`,
  ];
  return `fault: ${cells.join(" | ")}`;
}
