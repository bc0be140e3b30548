import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveAws } from "../../src/aws/resolve.ts";
import { systemClock } from "../../src/clock.ts";
import { createKinesisSink } from "../../src/sink/kinesis.ts";
import { keptLog, neverAborted } from "../support/aws-stand-in.ts";
import { inSurroundings } from "../support/aws-surroundings.ts";
import { type FakeAws, startFakeAws } from "../support/fake-aws/fake-aws.ts";

const stream = "metrics";

/** Runs `run` with our sink on credentials that AWS' own chain finds in `variables`. */
async function withChain(
  variablesOf: (fake: FakeAws) => Readonly<Record<string, string>>,
  run: (put: (text: string) => Promise<string>, fake: FakeAws) => Promise<void>,
): Promise<void> {
  const fake = await startFakeAws({ streams: [{ name: stream }], tokenLifetimeMs: 900_000 });
  try {
    await inSurroundings(variablesOf(fake), async ({ env, write }) => {
      await write("token", "header.body.signature");
      const client = await resolveAws({
        service: "kinesis",
        region: undefined,
        env,
        fetch,
        clock: systemClock,
        log: keptLog().log,
        userAgent: "test",
      });
      const sink = createKinesisSink({ client, stream, random: Math.random, clock: systemClock });
      const put = async (text: string) =>
        (await sink.put([new TextEncoder().encode(text)], neverAborted))[0]!.kind;
      await run(put, fake);
    });
    assert.deepEqual(fake.problems, []);
  } finally {
    await fake.close();
  }
}

const chains: readonly [
  what: string,
  operation: string,
  (fake: FakeAws) => Readonly<Record<string, string>>,
][] = [
  ["a container's agent", "credentials.GetCredentials", ({ containerEnv }) => containerEnv],
  [
    "a web identity",
    "sts.AssumeRoleWithWebIdentity",
    ({ containerEnv }) => {
      const {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: _,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: __,
        ...shared
      } = containerEnv;
      const AWS_ROLE_ARN = "arn:aws:iam::000000000000:role/writer";
      return { ...shared, AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE: "$DIR/token" };
    },
  ],
];
for (const [what, operation, variablesOf] of chains) {
  test(`tokens of ${what} that end while the sink puts cost one attempt`, () =>
    withChain(variablesOf, async (put, fake) => {
      assert.equal(await put("1\n"), "durable");
      fake.command({ kind: "expire-tokens" });
      assert.equal(await put("2\n"), "retryable");
      assert.equal(await put("3\n"), "durable");
      assert.deepEqual(fake.lines({ stream }), ["1\n", "3\n"]);
      assert.equal(fake.state().calls[operation], 2);
    }));
}
