import assert from "node:assert/strict";
import { type Arguments, readArguments } from "../../src/config/arguments.ts";
import { type Config, readConfig } from "../../src/config/config.ts";
import { planFlags } from "../../src/config/plan-flags.ts";
import { ConfigError } from "../../src/errors.ts";

const commands = [
  { name: "serve", help: "receive" },
  { name: "spool inspect", help: "tell what is in a spool" },
  { name: "spool replay", help: "ship a spool" },
  { name: "plan", help: "tell what it costs", flags: planFlags },
];

/** Sorts a command line as the program does. */
export function argumentsOf(args: readonly string[]): Arguments {
  return readArguments({ args, commands, version: "prometheus-remote-kinesis 1.2.3 (node 24)" });
}

/** The configuration that a command line and an environment give. */
export function configOf(args: readonly string[], env: Record<string, string> = {}): Config {
  const asked = argumentsOf(args);
  assert.equal(asked.kind, "run");
  return readConfig(asked.kind === "run" ? asked.texts : new Map(), env);
}

/** The message of the one-line error with which the program ends with exit code 2. */
export function refusal(args: readonly string[], env: Record<string, string> = {}): string {
  try {
    configOf(args, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.exitCode, 2);
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  throw new assert.AssertionError({ message: `accepted: ${args.join(" ")} ${JSON.stringify(env)}` });
}
