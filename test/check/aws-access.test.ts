import assert from "node:assert/strict";
import { test } from "node:test";
import { type AwsAccessOptions, checkAwsAccess, durationText } from "../../src/check/aws-access.ts";
import { checkReach } from "../../src/check/reach.ts";
import type { Step, Steps } from "../../src/check/step.ts";
import { systemClock } from "../../src/clock.ts";
import { inSurroundings } from "../support/aws-surroundings.ts";
import { silentLog } from "../support/silent-log.ts";

/** By name: `status message`. */
async function all(steps: Steps<unknown>): Promise<ReadonlyMap<string, Step>> {
  const found = new Map<string, Step>();
  for await (const step of steps) found.set(step.name, step);
  return found;
}

function options(
  env: Readonly<Record<string, string>>,
  more: Partial<AwsAccessOptions> = {},
): AwsAccessOptions {
  return {
    env,
    // STS tells whoever asks.
    fetch: async () =>
      new Response(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/pat</Arn>" +
          "<Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
      ),
    ...{ clock: systemClock, log: silentLog, userAgent: "test", callTimeoutMs: 1_000 },
    ...{ region: undefined, regionOfStream: undefined, ...more },
  };
}

test("the credentials' source is told: profile, process, environment", async () => {
  const files = { AWS_SHARED_CREDENTIALS_FILE: "$DIR/credentials", AWS_CONFIG_FILE: "$DIR/config" };
  await inSurroundings({ ...files, AWS_PROFILE: "work" }, async ({ env, write }) => {
    await write(
      "credentials",
      "[work]\naws_access_key_id = AKIDWORK0001\naws_secret_access_key = very-secret\n",
    );
    await write("config", "[profile work]\nregion = eu-north-1\n");
    const steps = await all(checkAwsAccess(options(env)));
    assert.equal(steps.get("region")?.message, 'eu-north-1, from profile "work"');
    assert.equal(
      steps.get("credentials")?.message,
      "from a profile of the shared AWS files, access key …0001, without an end",
    );
    assert.equal(steps.get("identity")?.message, "arn:aws:iam::1:user/pat (account 1)");
    assert.doesNotMatch(JSON.stringify([...steps]), /very-secret/);

    const until = new Date(Date.now() + 7_500_000).toISOString();
    const keys = {
      Version: 1,
      AccessKeyId: "A0002",
      SecretAccessKey: "S",
      SessionToken: "T",
      Expiration: until,
    };
    await write("keys.json", JSON.stringify(keys));
    await write("credentials", "");
    const directory = env["AWS_CONFIG_FILE"]!.replace(/\/config$/, "");
    await write(
      "config",
      `[profile work]\nregion = x-1\ncredential_process = /bin/cat ${directory}/keys.json\n`,
    );
    const process = await all(checkAwsAccess(options(env)));
    assert.match(
      process.get("credentials")?.message ?? "",
      /^from credential_process of a profile, .*…0002, until/,
    );
    assert.match(process.get("credentials")?.message ?? "", /\(2 h\); renewed before that$/);
  });
  const temporary = { AWS_ACCESS_KEY_ID: "ASIA0003", AWS_SECRET_ACCESS_KEY: "S", AWS_SESSION_TOKEN: "T" };
  await inSurroundings(temporary, async ({ env }) => {
    const steps = await all(checkAwsAccess(options(env, { regionOfStream: "eu-west-1" })));
    assert.equal(steps.get("region")?.message, "eu-west-1, from the stream's ARN");
    assert.equal(steps.get("credentials")?.status, "warning");
    assert.match(steps.get("credentials")?.todo ?? "", /use a role or a profile/);
  });
});

test("keys that STS refuses are a failure, an STS that is out of reach is not", async () => {
  await inSurroundings({ AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "S" }, async ({ env }) => {
    const region = { value: "us-east-1", shown: "--region us-east-1" };
    const answer = (status: number, code: string) => async () =>
      new Response(
        `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
        {
          status,
        },
      );
    const refused = await all(
      checkAwsAccess(options(env, { region, fetch: answer(403, "InvalidClientTokenId") })),
    );
    assert.equal(refused.get("identity")?.status, "failed");
    const denied = await all(checkAwsAccess(options(env, { region, fetch: answer(403, "AccessDenied") })));
    assert.equal(denied.get("identity")?.status, "warning");
    const fetch = () => Promise.reject(new TypeError("fetch failed"));
    const gone = await all(checkAwsAccess(options(env, { region, fetch })));
    assert.equal(gone.get("identity")?.status, "warning");
  });
});

test("an endpoint is reached by whatever it answers, and its clock compared", async () => {
  const nowMs = Date.parse("2026-11-23T06:00:00Z");
  const clock = { ...systemClock, now: () => nowMs };
  const reach = (headers: Record<string, string>) =>
    all(
      checkReach({
        endpoint: new URL("https://kinesis.eu-west-1.amazonaws.com"),
        fetch: async () => new Response("who are you?", { status: 403, headers }),
        clock,
        timeoutMs: 1_000,
      }),
    );
  const date = (offsetMs: number) => ({ date: new Date(nowMs + offsetMs).toUTCString() });
  const right = await reach(date(0));
  assert.match(
    right.get("endpoint")?.message ?? "",
    /^https:\/\/kinesis\.eu-west-1\.amazonaws\.com answers within/,
  );
  assert.deepEqual(right.get("clock"), { name: "clock", status: "ok", message: "as the service has it" });
  const cases = [
    [10_000, "ok", /^1?\d s off$/],
    [-90_000, "warning", /^this host is (?:8|9)\d s ahead of the service$/],
    [600_000, "failed", /^this host is 10 min behind the service$/],
  ] as const;
  for (const [offsetMs, status, message] of cases) {
    const step = (await reach(date(offsetMs))).get("clock");
    assert.equal(step?.status, status);
    assert.match(step?.message ?? "", message);
  }
  assert.equal((await reach({})).get("clock")?.status, "skipped");
});

test("durations are short", () => {
  assert.deepEqual([4_200, 119_000, 120_000, 7_199_000, 7_200_000, 30 * 86_400_000].map(durationText), [
    "4 s",
    "119 s",
    "2 min",
    "120 min",
    "2 h",
    "30 days",
  ]);
});
