/** DuckDB over an archive, and its rows in the form that lines have. */
import { DuckDBInstance } from "@duckdb/node-api";

export interface DuckDb {
  run(sql: string): Promise<void>;
  /** The rows of a query; numbers as texts, so that no digit is lost, and without what is null. */
  rows(sql: string): Promise<readonly unknown[]>;
}

/** A database in memory, closed after `use`. */
export async function withDuckDb(use: (db: DuckDb) => Promise<void>): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await use({
      run: async (sql) => void (await connection.run(sql)),
      rows: async (sql) => (await connection.runAndReadAll(sql)).getRowObjects().map(asPlain),
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function asPlain(value: unknown): unknown {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : value;
  // Lists, structs and maps of the driver are objects with one field; decimals and timestamps are texts.
  if ("items" in value && Array.isArray(value.items)) return value.items.map(asPlain);
  if ("entries" in value) {
    const { entries } = value as { entries: unknown };
    if (!Array.isArray(entries)) return asPlain(entries);
    return Object.fromEntries(entries.map(({ key, value: each }) => [key, asPlain(each)]));
  }
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null)
    return String(value);
  const kept = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(kept.map(([key, each]) => [key, asPlain(each)]));
}

/** A line in the same form: its numbers as they stand there. */
export function lineAsPlain(line: string): unknown {
  const numbers = line.replace(/(":|[[,])(-?\d[\d.eE+-]*)(?=[,}\]])/g, '$1"$2"');
  return JSON.parse(numbers, (_, value: unknown) => (value === null ? undefined : value));
}
