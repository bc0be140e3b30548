import assert from "node:assert/strict";
import { test } from "node:test";
import { flagNames } from "../../src/config/flags.ts";
import { type Setting, settingsOf } from "../../src/config/settings.ts";
import { configOf } from "../support/config.ts";

function told(args: readonly string[], env: Record<string, string> = {}): (name: string) => unknown {
  const settings = settingsOf(configOf(args, env), env);
  return (name) => {
    const { value, source, from }: Partial<Setting> = settings.find((each) => each.name === name) ?? {};
    return [value, source, from];
  };
}

test("each setting is shown as it was typed, with what says so", () => {
  const of = told(["--spool-dir", "/spool", "--pending-bytes=64MiB"], {
    LOG_LEVEL: "warn",
    SINK: "kinesis:a",
  });
  assert.deepEqual(of("--spool-dir"), ["/spool", "flag", "--spool-dir"]);
  assert.deepEqual(of("--pending-bytes"), ["64MiB", "flag", "--pending-bytes"]);
  assert.deepEqual(of("--log-level"), ["warn", "environment", "LOG_LEVEL"]);
  assert.deepEqual(of("--sink"), ["kinesis:a", "environment", "SINK"]);
  assert.deepEqual(of("--ack-timeout"), ["25s", "default", undefined]);
  assert.deepEqual(of("--region"), [undefined, "default", undefined]);
});

test("other spellings are shown as the flag they stand for", () => {
  const predecessor = told(["-stream-name", "metrics"], { WRITE_INTERVAL: "1s", FIREHOSE: "true" });
  assert.deepEqual(predecessor("--sink"), ["firehose:metrics", "flag", "--stream-name"]);
  assert.deepEqual(predecessor("--linger"), ["1s", "environment", "WRITE_INTERVAL"]);
  assert.deepEqual(predecessor("--stream-name"), [undefined, undefined, undefined]);
  const both = told(["--sink", "file:x"], { STREAM_NAME: "metrics" });
  assert.deepEqual(both("--sink"), ["file:x", "flag", "--sink"]);
});

test("what follows from other settings is shown as it is, not as the default has it", () => {
  assert.deepEqual(told([])("--compression"), ["gzip", "default", undefined]);
  assert.deepEqual(told(["--sink", "s3://bucket/p"])("--spool-dir"), ["./spool", "default", undefined]);
  const short = told(["--ack-timeout", "100ms"]);
  assert.deepEqual(short("--linger"), ["100ms", "default", undefined]);
  assert.deepEqual(short("--put-timeout"), ["100ms", "default", undefined]);
});

test("secrets are not shown, only that they are set", () => {
  const env = { AWS_SECRET_ACCESS_KEY: "very secret", AWS_REGION: "eu-central-1", AWS_SESSION_TOKEN: "" };
  const settings = settingsOf(configOf(["--sink", "kinesis:a"]), env);
  const secret = settings.find(({ name }) => name === "AWS_SECRET_ACCESS_KEY");
  assert.deepEqual([secret?.value, secret?.hidden], [undefined, true]);
  assert.equal(settings.find(({ name }) => name === "AWS_REGION")?.value, "eu-central-1");
  assert.ok(!settings.some(({ name }) => name === "AWS_SESSION_TOKEN"));
  assert.ok(!JSON.stringify(settings).includes("very secret"));
});

test("every flag has its setting, or is another spelling of one", () => {
  const settings = settingsOf(configOf([]), {});
  const missing = flagNames.filter((name) => !settings.some((setting) => setting.name === `--${name}`));
  assert.deepEqual(missing, ["stream-name", "firehose", "write-interval"]);
});
