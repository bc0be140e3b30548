/** The plan as a table for people. */
import type { PlanRow } from "./plan.ts";

const columns: readonly (readonly [
  title: string,
  cell: (row: PlanRow, single: PlanRow | undefined) => string,
])[] = [
  ["billed as", ({ billing }) => billing.replaceAll("_", " ")],
  ["compression", ({ compression }) => compression ?? "(one sample a record)"],
  ["records/s", ({ recordsPerSecond }) => short(recordsPerSecond)],
  ["bytes/s", ({ bytesPerSecond }) => short(bytesPerSecond)],
  ["billed/s", ({ billedBytesPerSecond }) => short(billedBytesPerSecond)],
  ["shards", ({ shards }) => (shards === 0 ? "" : String(shards))],
  ["$/day", ({ dollarsPerDay }) => money(dollarsPerDay)],
  ["$/month", ({ dollarsPerMonth }) => money(dollarsPerMonth)],
  ["saves", (row, single) => savingOf(row, single)],
  ["$/month kept", ({ storageDollarsPerMonth }) => money(storageDollarsPerMonth)],
];

/** Lines of text, columns padded; a line between two ways of billing. */
export function tableOf(rows: readonly PlanRow[]): string {
  const cells = rows.map((row) => {
    const single = rows.find(
      ({ billing, compression }) => billing === row.billing && compression === undefined,
    );
    return columns.map(([, cell]) => cell(row, single));
  });
  const all = [columns.map(([title]) => title), ...cells];
  const widths = columns.map((_, at) => Math.max(...all.map((line) => line[at]!.length)));
  const text = all.map((line, nth) => {
    const isNext = nth > 1 && rows[nth - 1]?.billing !== rows[nth - 2]?.billing;
    const padded = line.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)));
    return `${isNext ? "\n" : ""}${padded.join("  ").trimEnd()}\n`;
  });
  return text.join("");
}

/** How much less than one sample a record. */
function savingOf({ compression, dollarsPerDay }: PlanRow, single: PlanRow | undefined): string {
  if (compression === undefined || single === undefined) return "";
  const share = 1 - dollarsPerDay / single.dollarsPerDay;
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

/** Cents where they matter, three digits below a cent. */
function money(dollars: number): string {
  if (dollars >= 100) return Math.round(dollars).toLocaleString("en-US");
  if (dollars >= 0.1 || dollars === 0) return dollars.toFixed(2);
  return dollars >= 0.0001 ? dollars.toFixed(4) : dollars.toExponential(1);
}

const units = ["", " K", " M", " G"] as const;

/** Three digits and a power of a thousand. */
function short(value: number): string {
  const power = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
  const scaled = value / 1000 ** power;
  const digits = scaled >= 100 || Number.isInteger(scaled) ? 0 : scaled >= 0.1 ? 1 : 4;
  return `${scaled.toFixed(digits)}${units[power]}`;
}
