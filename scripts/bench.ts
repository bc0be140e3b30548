/**
 * `npm run bench`: what samples cost, in CPU time and as ratios to yardsticks. Every measurement is a fresh process;
 * runs take turns. A table on the terminal; every single figure as a JSON line to stdout or into a file, as it comes.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { inputNames } from "../test/bench/inputs.ts";
import type { Figure } from "../test/bench/measure.ts";
import { makeCertificates } from "../test/bench/null-end.ts";
import { measureSoak } from "../test/bench/soak.ts";
import { figureNames, plan, receiverKinds } from "./bench-plan.ts";
import { runShort, versionsLine } from "./bench-process.ts";
import { oneLine, tableOf } from "./bench-table.ts";
import { killEverything } from "./test-process.ts";

const usage = `What samples cost: CPU time per sample, beside yardsticks that run in the same process.

  npm run bench -- [figures] [options]

  stages      snappy, decode, encode, compress, put, HTTP
  ingest      the whole through the real app into a null AWS, beside the floor and the naive program
  network     the same over loopback, with and without TLS
  put         our client beside AWS' own
  growth      10,000 to a million series, 1 to 1,000 samples of a series, 1,000 scrapes
  program     the whole program from outside, beside vmagent
  tls         the whole program into a null end behind TLS
  latency     p50 and p99 of the ack at 1,000, 10,000 and 100,000 samples a second
  startup     start to ready, idle memory
  (all of them unless some are named)

  --short            what CI runs: the ratio gate, less than a minute
  --soak DURATION    100,000 samples/s on one core for 10m or 90s: memory and CPU over time
  --runtime NAME     ${receiverKinds.join(", ")}; may be repeated
  --input NAME       ${inputNames.slice(0, 7).join(", ")}
                     ${inputNames.slice(7).join(", ")}; may be repeated
  --runs N           fresh processes for each figure (3)
  --json             JSON lines on stdout in place of the table
  --out FILE         JSON lines into FILE as well, behind those that are there
  --from FILE        measures nothing: the table of JSON lines of earlier runs

Ctrl-C ends it with the table of what was measured so far.
`;

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: "boolean", default: false },
    soak: { type: "string" },
    runtime: { type: "string", multiple: true, default: [] },
    input: { type: "string", multiple: true, default: [] },
    runs: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    out: { type: "string" },
    from: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

const figures: Figure[] = [];
let isInterrupted = false;

if (given.help) console.log(usage);
else if (given.short) process.exitCode = await runShort();
else if (given.from !== undefined) console.log(tableOf(readFigures(given.from)));
else await main();

async function main(): Promise<void> {
  assertKnown("figure", positionals, figureNames);
  assertKnown("--runtime", given.runtime, receiverKinds);
  assertKnown("--input", given.input, inputNames);
  const machine = versionsLine();
  say(machine);
  if (given.out !== undefined) appendFileSync(given.out, `${JSON.stringify({ machine, at: new Date() })}\n`);
  const certificates = makeCertificates();
  if (typeof certificates === "string") say(`over TLS: not measured: ${certificates}`);
  else Object.assign(process.env, certificates.env);
  // What is under way fails then, and gives back what it took.
  process.once("SIGINT", () => {
    isInterrupted = true;
    killEverything();
  });
  try {
    await (given.soak === undefined ? measureAll() : soak(secondsOf(given.soak)));
  } finally {
    if (typeof certificates !== "string") certificates.remove();
  }
  if (!given.json) console.log(tableOf(figures));
}

/** Runs all there is to do as often as asked; every second time from behind, so that no one is always first. */
async function measureAll(): Promise<void> {
  const tasks = plan({ figures: positionals, runtimes: given.runtime, inputs: given.input, say });
  const runs = Number(given.runs);
  if (!Number.isInteger(runs) || runs < 1) fail(`--runs ${given.runs}: must be a number from 1 on`);
  if (tasks.length === 0) fail("nothing to measure: no such figure has such a runtime and such an input");
  for (let run = 0; run < runs; run++) {
    for (const [at, { name, measure }] of (run % 2 === 0 ? tasks : tasks.toReversed()).entries()) {
      if (isInterrupted) return;
      say(`run ${run + 1} of ${runs}, ${at + 1} of ${tasks.length}: ${name}`);
      try {
        for (const figure of await measure()) took(figure);
      } catch (error) {
        // One that fails costs no more than itself.
        say(`${name} failed: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 1;
      }
    }
  }
}

async function soak(seconds: number): Promise<void> {
  const kinds = receiverKinds.filter((kind) => given.runtime.includes(kind));
  for (const kind of kinds.length === 0 ? (["binary"] as const) : kinds) {
    if (isInterrupted) return;
    say(`soak of ${kind}, ${seconds} s`);
    await measureSoak(kind, seconds, took);
  }
}

/** A figure is told as soon as it is there: a run may take an hour, and be interrupted. */
function took(figure: Figure): void {
  figures.push(figure);
  const line = `${JSON.stringify(figure)}\n`;
  if (given.out !== undefined) appendFileSync(given.out, line);
  if (given.json) process.stdout.write(line);
  say(`  ${oneLine(figure)}`);
}

function readFigures(path: string): Figure[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.startsWith('{"figure"'))
    .map((line) => JSON.parse(line) as Figure);
}

function secondsOf(text: string): number {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  if (count === undefined) fail(`--soak ${text} is no duration like 90s or 10m`);
  return Number(count) * { s: 1, m: 60, h: 3_600 }[unit as "s" | "m" | "h"];
}

function assertKnown(what: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) fail(`${what} ${unknown}: must be one of ${known.join(", ")}`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

/** To where it does not mix with JSON lines. */
function say(text: string): void {
  console.error(text);
}
