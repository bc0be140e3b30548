/** Registers the rows of the matrix, a few of them under way at once: they mostly wait. */
import { test } from "node:test";
import { reasonToSkip } from "../support/program.ts";
import { type Row, runRow } from "./run-row.ts";

/** How many rows of one file run at once. */
const rowsAtOnce = 3;

/** How long an outage lasts: shorter in CI than by hand, FAULT_SECONDS=60. */
export const outageMs = 1_000 * Number(process.env["FAULT_SECONDS"] ?? 15);

/** By hand: only the rows whose names hold this. */
const wanted = process.env["FAULT_ROWS"] ?? "";

/** One test per row. `skip` says why none of them can run here. */
export async function testRows(all: readonly Row[], skip?: string): Promise<void> {
  const rows = all.filter(({ name }) => name.includes(wanted));
  const reasons = new Map<Row, string | undefined>();
  for (const row of rows) reasons.set(row, skip ?? (await reasonToSkip(row.kind)));
  const running = runAll(rows.filter((row) => reasons.get(row) === undefined));
  for (const row of rows) {
    const reason = reasons.get(row);
    const timeout = 110_000 + outageMs;
    test(`${row.name} (${row.kind})`, reason === undefined ? { timeout } : { skip: reason }, () =>
      running.get(row),
    );
  }
}

function runAll(rows: readonly Row[]): ReadonlyMap<Row, Promise<void>> {
  const ends = rows.map((row) => ({ row, ...Promise.withResolvers<void>() }));
  const next = ends.values();
  const lane = async () => {
    for (const { row, resolve, reject } of next) await runRow(row).then(resolve, reject);
  };
  for (let at = 0; at < rowsAtOnce; at++) void lane();
  // Each row's own test tells of its failure, which may come long before that test's turn.
  for (const { promise } of ends) promise.catch(() => undefined);
  return new Map(ends.map(({ row, promise }) => [row, promise]));
}
