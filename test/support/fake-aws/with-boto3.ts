/** A fake AWS with AWS' own client in front of it. Node only. */
import assert from "node:assert/strict";
import { type Boto3, startBoto3 } from "./boto3.ts";
import { type FakeAws, type FakeAwsOptions, startFakeAws } from "./fake-aws.ts";

/** Runs `run` with both; the fake must have found `problems` then, in this order. */
export async function withBoto3(
  options: FakeAwsOptions,
  run: (boto: Boto3, fake: FakeAws) => Promise<void>,
  problems: readonly RegExp[] = [],
  envOf: (fake: FakeAws) => Readonly<Record<string, string>> = ({ env }) => env,
): Promise<void> {
  const fake = await startFakeAws(options);
  const boto = startBoto3(envOf(fake));
  try {
    await run(boto, fake);
    assert.equal(fake.problems.length, problems.length, fake.problems.join("\n"));
    problems.forEach((problem, i) => {
      assert.match(fake.problems[i]!, problem);
    });
  } finally {
    await boto.close();
    await fake.close();
  }
}
