/** Runs the `check` command in this process, against whatever the environment points to. */
import assert from "node:assert/strict";
import type { Step } from "../../src/check/step.ts";
import { runCheck } from "../../src/command/check.ts";
import { inSurroundings } from "./aws-surroundings.ts";
import { configOf } from "./config.ts";
import { type FakeAws, type FakeAwsOptions, startFakeAws } from "./fake-aws/fake-aws.ts";

export interface Checked {
  readonly code: number;
  readonly text: string;
  /** By name; of several with one name the first. */
  step(name: string): Step;
  readonly steps: readonly Step[];
}

export interface CheckOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of `check` alone. */
  readonly own?: Readonly<Record<string, string>>;
}

/** Directories lie in a new one unless `args` name others; nothing listens at the own address. */
export async function check({ args = [], env = {}, own = {} }: CheckOptions): Promise<Checked> {
  let checked: Checked | undefined;
  await inSurroundings(env, async ({ directory, env: whole }) => {
    const places = args.includes("--quarantine-dir") ? [] : ["--quarantine-dir", `${directory}/quarantine`];
    const listen = args.includes("--listen-addr") ? [] : ["--listen-addr", "127.0.0.1:1"];
    const texts = { out: "", err: "" };
    const platform = {
      name: "test 1",
      env: whole,
      writeOut(text: string) {
        texts.out += text;
      },
      writeErr(text: string) {
        texts.err += text;
      },
    };
    const flags = new Map(Object.entries({ json: "true", ...own }));
    const code = await runCheck(configOf([...args, ...places, ...listen]), platform, flags);
    assert.equal(texts.err, "");
    const steps = flags.get("json") === "true" ? (JSON.parse(texts.out) as { steps: Step[] }).steps : [];
    checked = { code, text: texts.out, steps, step: (name) => named(steps, name) };
  });
  return checked!;
}

function named(steps: readonly Step[], name: string): Step {
  const found = steps.find((step) => step.name === name);
  assert.ok(found !== undefined, `no step ${name} in ${steps.map((step) => step.name).join(", ")}`);
  return found;
}

/** `name status` of each step. */
export function outline(steps: readonly Step[]): readonly string[] {
  return steps.map(({ name, status }) => `${name} ${status}`);
}

/** A fake AWS for `run`, closed afterwards. */
export async function withFake(
  options: FakeAwsOptions,
  run: (fake: FakeAws) => Promise<void>,
): Promise<void> {
  const fake = await startFakeAws(options);
  try {
    await run(fake);
  } finally {
    await fake.close();
  }
}

/** The endpoint is asked once without a signature, to see that it answers; all other calls are right. */
export function assertCorrect(fake: FakeAws): void {
  const unsigned = /^s3\.ListBuckets: AccessDenied: Missing Authentication Token$/;
  assert.deepEqual(
    fake.problems.filter((problem) => !unsigned.test(problem)),
    [],
  );
}
