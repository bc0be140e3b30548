/** A program to be killed: puts numbered lines into the directory and prints each number once it is durable. */
import { systemClock } from "../../src/clock.ts";
import { openFileSink } from "../../src/sink/file.ts";
import { silentLog } from "./silent-log.ts";

const [, , directory, name] = process.argv;
const sink = await openFileSink({
  directory: directory!,
  compression: "gzip",
  rotateBytes: 20_000,
  rotateAgeMs: 60_000,
  clock: systemClock,
  random: Math.random,
  log: silentLog,
});
const signal = new AbortController().signal;
const encoder = new TextEncoder();
for (let at = 0; at < 1_000_000; at++) {
  const line = `{"writer":"${name}","at":${at},"pad":"${"p".repeat(at % 500)}"}`;
  const [outcome] = await sink.put([encoder.encode(`${line}\n`)], signal);
  if (outcome!.kind === "durable") process.stdout.write(`${line}\n`);
}
