/** One row of the fault matrix: the real program under load while something goes wrong, and one verdict for all. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describeFaults, Ledger, type Verdict } from "../support/ledger.ts";
import { type Load, startLoad } from "../support/load.ts";
import { type Program, type ProgramKind, startProgram, withDirectory } from "../support/program.ts";
import { sumOf } from "../support/prometheus.ts";
import { freePort, waitUntil } from "../support/server-process.ts";
import { openSinkEnd, type SinkEnd, type SinkKind } from "./sink-end.ts";

export interface Row {
  readonly name: string;
  readonly kind: ProgramKind;
  readonly sink: SinkKind;
  readonly spool?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Not set: 3000. */
  readonly linesPerSecond?: number;
  /** Called under load. What goes wrong has to be over when it resolves. */
  readonly fault: (run: Run) => Promise<void>;
  /** What holds in this row beside the verdict. */
  readonly check?: (outcome: Outcome) => void;
}

export interface Run {
  readonly directory: string;
  readonly sink: SinkEnd;
  readonly load: Load;
  readonly ledger: Ledger;
  /** The program as it runs now. */
  program(): Program;
  /** SIGKILL, and the same command again after `downMs`. */
  killAndRestart(downMs: number): Promise<void>;
  /** SIGTERM, the exit code 0, and the same command again. */
  stopAndRestart(): Promise<void>;
  /** Resolves when at least so many more lines have been acked: what was wrong is over. */
  untilAcked(more: number): Promise<void>;
}

export interface Outcome {
  readonly verdict: Verdict;
  readonly load: Load;
  /** Of the last process, at the end. */
  readonly metrics: string;
  readonly log: string;
  readonly p99AckMs: number;
  readonly rssPeakBytes: number;
  readonly seconds: number;
  /** Lines that the program itself counts as perhaps twice. */
  readonly duplicateRisk: number;
}

const warmUpMs = 1_000;
/** How long senders may need for their last answers, once nothing is wrong any more. */
const lastAnswersMs = 45_000;
const drainedMs = 60_000;
/** With --pending-bytes 32MiB; what is above it is the runtime's own and its garbage. */
const rssMax: Readonly<Record<ProgramKind, number>> = {
  node: 400 * 2 ** 20,
  bun: 400 * 2 ** 20,
  deno: 400 * 2 ** 20,
  binary: 400 * 2 ** 20,
};

/** Runs the row, prints its line of the table, and asserts that nothing acked is lost. */
export async function runRow(row: Row): Promise<void> {
  const startedMs = performance.now();
  const outcome = await withDirectory(async (directory) => {
    const sink = await openSinkEnd(row.sink, directory);
    try {
      return await underLoad(row, directory, sink, startedMs);
    } finally {
      await sink.close();
    }
  });
  console.log(tableRow(row, outcome));
  const { verdict, load, log, metrics } = outcome;
  assert.equal(describeFaults(verdict), "", `${row.name}\n${log.slice(-3_000)}`);
  assert.deepEqual(load.counts.wrong.slice(0, 3), [], row.name);
  assert.ok(verdict.acked > 0, "nothing was acked");
  assert.equal(sumOf(metrics, "prometheus_remote_kinesis_samples_dropped_total"), 0);
  assert.ok(
    outcome.rssPeakBytes <= rssMax[row.kind],
    `RSS peak ${outcome.rssPeakBytes} of ${rssMax[row.kind]}`,
  );
  row.check?.(outcome);
}

async function underLoad(row: Row, directory: string, sink: SinkEnd, startedMs: number): Promise<Outcome> {
  const runner = await Runner.start(row, directory, sink);
  const ledger = new Ledger();
  const { linesPerSecond = 3_000 } = row;
  const load = startLoad({ url: runner.url, ledger, senders: 6, linesPerSecond, series: 600, seed: 1 });
  try {
    const untilAcked = (more: number) => {
      const goal = ledger.ackedCount + more;
      return waitUntil(`${goal} lines are acked`, lastAnswersMs, async () => ledger.ackedCount >= goal);
    };
    await sleep(warmUpMs);
    await row.fault({
      directory,
      sink,
      load,
      ledger,
      untilAcked,
      program: () => runner.program,
      killAndRestart: (downMs) => runner.killAndRestart(downMs),
      stopAndRestart: () => runner.stopAndRestart(),
    });
    await untilAcked(1);
  } finally {
    await load.stop(lastAnswersMs);
    if (row.spool !== true) await runner.endWatch();
  }
  return runner.finish({ row, ledger, load, startedMs });
}

interface FinishOptions {
  readonly row: Row;
  readonly ledger: Ledger;
  readonly load: Load;
  readonly startedMs: number;
}

/** The program through all its lives in one row, always at the same address. */
class Runner {
  program: Program;
  rssPeakBytes = 0;
  readonly url: string;
  private readonly launch: () => Promise<Program>;
  private readonly sink: SinkEnd;
  private readonly watching = new AbortController();
  private log = "";

  static async start(row: Row, directory: string, sink: SinkEnd): Promise<Runner> {
    const LISTEN_ADDR = `127.0.0.1:${await freePort()}`;
    const spool = row.spool === true ? ["--spool-dir", `${directory}/spool`, "--ship-linger", "100ms"] : [];
    const ceilings = ["--pending-bytes", "32MiB", "--linger", "50ms", "--rotate-age", "2s"];
    const quarantine = ["--quarantine-dir", `${directory}/quarantine`];
    const args = [...sink.args, ...ceilings, ...quarantine, ...spool, ...(row.args ?? [])];
    const env = { ...sink.env, ...row.env, LISTEN_ADDR };
    const launch = () => startProgram(row.kind, { cwd: directory, args, env });
    return new Runner(await launch(), launch, sink);
  }

  private constructor(program: Program, launch: () => Promise<Program>, sink: SinkEnd) {
    this.program = program;
    this.url = program.url;
    this.launch = launch;
    this.sink = sink;
    void this.watchRss();
  }

  async killAndRestart(downMs: number): Promise<void> {
    await this.noteRss();
    this.program.signal("SIGKILL");
    await this.restart(downMs);
  }

  async stopAndRestart(): Promise<void> {
    await this.noteRss();
    this.program.signal("SIGTERM");
    const { code, stderr } = await this.program.ended;
    assert.equal(code, 0, stderr.slice(-3_000));
    await this.restart(0);
  }

  private async restart(downMs: number): Promise<void> {
    const { stderr } = await this.program.ended;
    this.log += stderr;
    await sleep(downMs);
    this.program = await this.launch();
  }

  async endWatch(): Promise<void> {
    await this.noteRss();
    this.watching.abort();
  }

  /** After the load: lets it ship what is spooled, ends it, and reads what the sink has. */
  async finish({ row, ledger, load, startedMs }: FinishOptions): Promise<Outcome> {
    try {
      if (row.spool === true) await this.untilShipped();
      await this.endWatch();
      const metrics = await this.metrics();
      this.program.signal("SIGTERM");
      const { code, stderr } = await this.program.ended;
      this.log += stderr;
      assert.equal(code, 0, `${row.name}: exit code ${code}\n${this.log.slice(-3_000)}`);
      const seconds = (performance.now() - startedMs) / 1_000;
      const verdict = ledger.judge(await this.sink.lines(), await this.sink.quarantined());
      const sorted = load.counts.ackMs.toSorted((a, b) => a - b);
      return {
        verdict,
        load,
        metrics,
        log: this.log,
        p99AckMs: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
        rssPeakBytes: this.rssPeakBytes,
        seconds,
        duplicateRisk: sumOf(metrics, "prometheus_remote_kinesis_duplicate_risk_lines_total") ?? 0,
      };
    } finally {
      this.program.signal("SIGKILL");
      await this.program.ended;
    }
  }

  private untilShipped(): Promise<void> {
    return waitUntil("the spool is shipped", drainedMs, async () => {
      return sumOf(await this.metrics(), "prometheus_remote_kinesis_spool_oldest_age_seconds") === 0;
    });
  }

  private async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }

  private async watchRss(): Promise<void> {
    while (!this.watching.signal.aborted) {
      await this.noteRss();
      await sleep(500);
    }
  }

  /** The kernel keeps each process' peak, so that none is missed between two looks. */
  private async noteRss(): Promise<void> {
    const status = await readFile(`/proc/${this.program.pid}/status`, "utf8").catch(() => "");
    const peakKiB = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
    this.rssPeakBytes = Math.max(this.rssPeakBytes, peakKiB * 1_024);
  }
}

function tableRow({ name, kind }: Row, { verdict, load, ...outcome }: Outcome): string {
  const { acked, delivered, lost, duplicated, unknown, quarantined } = verdict;
  const { unavailable, broken, refused } = load.counts;
  const cells = [
    `${name} (${kind})`,
    `acked ${acked}`,
    `delivered ${delivered}`,
    `lost ${lost.length}`,
    `unknown ${unknown.length}`,
    `duplicated ${duplicated}`,
    `5xx ${unavailable}`,
    `broken ${broken}`,
    `refused ${refused}`,
    `quarantined ${quarantined}`,
    `p99 ${outcome.p99AckMs.toFixed(0)} ms`,
    `RSS ${(outcome.rssPeakBytes / 2 ** 20).toFixed(0)} MiB`,
    `${outcome.seconds.toFixed(1)} s`,
  ];
  return `fault: ${cells.join(" | ")}`;
}
