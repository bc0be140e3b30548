import assert from "node:assert/strict";
import { test } from "node:test";
import { readOwnFlag } from "../../src/config/own-flag.ts";
import { planFlags } from "../../src/config/plan-flags.ts";
import { argumentsOf, refusal } from "../support/config.ts";

function ownTexts(...args: string[]): Record<string, string> {
  const asked = argumentsOf(args);
  assert.equal(asked.kind, "run");
  return Object.fromEntries(asked.kind === "run" ? asked.ownTexts : []);
}

function helpOf(...args: string[]): string {
  const asked = argumentsOf(args);
  return asked.kind === "print" ? asked.text : "";
}

test("a command's own flags go to it, before or behind its name, beside those of all commands", () => {
  for (const args of [
    ["plan", "--series", "5", "--linger=1s", "-from", "x"],
    ["--series=5", "-from=x", "--linger", "1s", "plan"],
  ]) {
    const asked = argumentsOf(args);
    assert.ok(asked.kind === "run");
    assert.equal(asked.command, "plan");
    assert.deepEqual(Object.fromEntries(asked.ownTexts), { series: "5", from: "x" });
    assert.deepEqual(Object.fromEntries(asked.texts), { linger: "1s" });
  }
  assert.deepEqual(ownTexts("serve"), {});
});

test("no other command takes them", () => {
  assert.match(refusal(["--series", "5"]), /^--series is a flag of plan, not of serve$/);
  assert.match(refusal(["serve", "--from=x"]), /^--from is a flag of plan, not of serve$/);
  assert.match(
    refusal(["spool", "inspect", "--senders=2"]),
    /^--senders is a flag of plan, not of spool inspect$/,
  );
  // The value of a flag is no command.
  assert.match(refusal(["--stream-name", "plan", "--series=5"]), /not of serve$/);
  assert.match(refusal(["plan", "--series=5", "--series=6"]), /given twice/);
});

test("--help tells where they are, and of a command what it does", () => {
  assert.match(helpOf("--help"), /\nFlags of one command alone: plan --help\.\n$/);
  assert.match(
    helpOf("plan", "--help"),
    /^Tell what it costs.*\.\n\nUsage: prometheus-remote-kinesis plan \[flags\]\n/,
  );
});

test("--help shows them for their command only", () => {
  assert.match(helpOf("plan", "--help"), /--samples-per-second <N>/);
  assert.match(helpOf("--help", "plan"), /--samples-per-second <N>/);
  for (const args of [["--help"], ["serve", "-h"], ["spool", "inspect", "--help"]]) {
    assert.doesNotMatch(helpOf(...args), /\n {2}--samples-per-second/);
    assert.match(helpOf(...args), /\n {2}plan +tell what it costs/);
  }
});

test("values are read like all others: one below, at and above what is allowed", () => {
  const read = (name: keyof typeof planFlags, text: string) =>
    readOwnFlag(planFlags, name, new Map([[name, text]]));
  assert.equal(read("samples-per-second", "0.5"), 0.5);
  assert.equal(read("senders", "1000"), 1_000);
  assert.equal(readOwnFlag(planFlags, "series", new Map()), 10_000);
  assert.equal(readOwnFlag(planFlags, "from", new Map()), undefined);
  for (const [name, text, says] of [
    ["samples-per-second", "0", /^--samples-per-second "0" is not between 0.01 and 1000000000$/],
    ["samples-per-second", "1e5", /is not a number like 1000 or 0.5$/],
    ["samples-per-second", "-1", /is not a number/],
    ["series", "0", /is not between 1 and/],
    ["series", "1.5", /is not a whole number$/],
    ["senders", "1001", /is not between 1 and 1000$/],
  ] as const) {
    assert.throws(() => read(name, text), { name: "ConfigError", message: says });
  }
});
