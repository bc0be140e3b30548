/** CPU time of this process, and contenders that take turns so that noise meets all of them alike. */
import process from "node:process";

/** One measured thing, as it is printed: a JSON line. */
export interface Figure {
  /** Kind of figure: `stages`, `ingest`, … */
  readonly figure: string;
  /** What of it. */
  readonly part: string;
  readonly input: string;
  /** Set by whoever started the process. */
  readonly runtime?: string;
  readonly values: Readonly<Record<string, number>>;
}

export interface Contender<Round> {
  readonly name: string;
  /** What it needs that is not its own work; not measured. */
  readonly prepare?: (round: Round) => unknown;
  readonly run: (round: Round) => unknown;
}

/** User and system time of all threads of this process, in ns. */
export function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}

/** CPU time of `work`, with all it does until it settles, in ns. */
export async function cpuNsOf(work: () => unknown): Promise<number> {
  const startNs = cpuNs();
  await work();
  return cpuNs() - startNs;
}

/**
 * Runs all contenders on each round, in an order that rotates; answers with the CPU time of each, per sample and
 * round, in ns. The first `warmups` rounds are not counted. Garbage of one contender is not collected at the cost of
 * the next, where the runtime lets us (`--expose-gc`).
 */
export async function compare<Round extends { readonly samples: number }>(
  contenders: readonly Contender<Round>[],
  rounds: Iterable<Round>,
  warmups: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const taken = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  let nth = 0;
  for (const round of rounds) {
    for (const at of contenders.keys()) {
      const { name, prepare, run } = contenders[(at + nth) % contenders.length]!;
      await prepare?.(round);
      collectGarbage();
      const ns = await cpuNsOf(() => run(round));
      if (nth >= warmups) taken.get(name)?.push(ns / round.samples);
    }
    nth++;
  }
  return taken;
}

export function collectGarbage(): void {
  const { gc } = globalThis as { gc?: (() => void) | undefined };
  gc?.();
}

export function median(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  const middle = Math.floor(ordered.length / 2);
  return ordered.length % 2 === 1 ? ordered[middle]! : (ordered[middle - 1]! + ordered[middle]!) / 2;
}

/** The median of what each round says: both sides of a ratio met the same noise. */
export function medianRatio(values: readonly number[], yardstick: readonly number[]): number {
  return median(values.map((value, round) => value / yardstick[round]!));
}

/** Prints a figure for whoever started this process. */
export function report(figure: Figure): void {
  console.log(JSON.stringify(figure));
}
