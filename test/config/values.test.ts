import assert from "node:assert/strict";
import { test } from "node:test";
import { configOf, refusal } from "../support/config.ts";

test("each sink is read from its spelling", () => {
  const sinkOf = (text: string) => configOf(["--sink", text]).sink;
  const streamArn = "arn:aws:kinesis:eu-west-1:123456789012:stream/s";
  const deliveryArn = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/s";
  assert.deepEqual(sinkOf("file:/var/lib/x y"), { kind: "file", directory: "/var/lib/x y" });
  assert.deepEqual(sinkOf("file:///var/lib"), { kind: "file", directory: "/var/lib" });
  assert.deepEqual(sinkOf("kinesis:a.b-c_D9"), { kind: "kinesis", stream: "a.b-c_D9" });
  assert.deepEqual(sinkOf(`kinesis:${"k".repeat(128)}`), { kind: "kinesis", stream: "k".repeat(128) });
  assert.deepEqual(sinkOf(`firehose:${"f".repeat(64)}`), { kind: "firehose", stream: "f".repeat(64) });
  assert.deepEqual(sinkOf(`kinesis:${streamArn}`), { kind: "kinesis", stream: streamArn });
  assert.deepEqual(sinkOf(`firehose:${deliveryArn}`), { kind: "firehose", stream: deliveryArn });
  assert.deepEqual(sinkOf("s3://bkt"), { kind: "s3", bucket: "bkt", prefix: "" });
  assert.deepEqual(sinkOf("s3://b.k-t/"), { kind: "s3", bucket: "b.k-t", prefix: "" });
  assert.deepEqual(sinkOf("s3://bkt/a/b=c"), { kind: "s3", bucket: "bkt", prefix: "a/b=c/" });
  assert.deepEqual(sinkOf("s3://bkt/a/"), { kind: "s3", bucket: "bkt", prefix: "a/" });
});

test("a bucket or a prefix that is none is refused", () => {
  for (const text of ["s3:bkt/p", "s3://", "s3://b/p", "s3://Bkt", "s3://b..t/p", `s3://${"b".repeat(64)}`]) {
    assert.match(refusal(["--sink", text]), /is not a bucket like s3:/);
  }
  for (const text of ["s3://bkt//p", "s3://bkt/p//q", "s3://bkt/p q", `s3://bkt/${"p".repeat(513)}`]) {
    assert.match(refusal(["--sink", text]), /is not a prefix like/);
  }
});

test("a sink that is none is refused with what is allowed", () => {
  for (const text of ["./archive", "file:", "kinesis", "ftp:x"]) {
    assert.match(
      refusal(["--sink", text]),
      /is not one of kinesis:STREAM, firehose:STREAM, s3:\/\/BUCKET\/PREFIX or file:DIR/,
    );
  }
  assert.match(refusal(["--sink", "file://host/dir"]), /is not a local directory/);
  for (const text of ["kinesis:", "kinesis:a/b", `kinesis:${"k".repeat(129)}`, "kinesis:arn:aws:s3:::b"]) {
    assert.match(refusal(["--sink", text]), /a kinesis stream: .*1 to 128/);
  }
  assert.match(refusal([], { SINK: `firehose:${"f".repeat(65)}` }), /^SINK="firehose:f+" is not .*1 to 64/);
});

test("durations are read as Go reads them", () => {
  const lingerOf = (text: string) => configOf(["--linger", text]).lingerMs;
  assert.deepEqual(
    ["200ms", "1.5s", ".5s", "0", "0s", "1s500ms", "250us", "1500000ns", "0m20s"].map(lingerOf),
    [200, 1_500, 500, 0, 0, 1_500, 0.25, 1.5, 20_000],
  );
  for (const text of [
    "200",
    "1",
    "s",
    "1 s",
    "-1s",
    "+1s",
    "1s2",
    "1d",
    "1e3s",
    "1S",
    ".s",
    "Infinity",
    "0x1s",
  ]) {
    assert.match(refusal([`--linger=${text}`]), /is not a duration like 200ms, 10s or 1m30s/, text);
  }
});

test("byte sizes are read with units of 1000 and of 1024", () => {
  const bytesOf = (text: string) => configOf(["--batch-bytes", text]).batchBytesMax;
  const texts = ["1000000", "64KiB", "4MB", "1MiB", "1.5MiB", "2kib", "5000B", "4 MiB"];
  assert.deepEqual(texts.map(bytesOf), [1e6, 65_536, 4e6, 2 ** 20, 1.5 * 2 ** 20, 2_048, 5_000, 4 * 2 ** 20]);
  for (const text of ["1M", "1.0001KiB", "-1", "1e6", "MiB", "1 TiB", "99999999999999999", "0x400", "NaN"]) {
    assert.match(
      refusal([`--batch-bytes=${text}`]),
      /is not a size in bytes like 1000000, 64KiB or 4MB/,
      text,
    );
  }
});

test("numbers are held within their bounds, which the refusal names", () => {
  const bounds = [
    ["--linger", "20s", "20001ms", "between 0 and 20s"],
    ["--ack-timeout", "4m", "4m1ms", "between 1ms and 4m"],
    ["--batch-bytes", "1KiB", "1023", "between 1KiB and 256MiB"],
    ["--puts-in-flight", "256", "257", "between 1 and 256"],
    ["--puts-in-flight", "1", "0", "between 1 and 256"],
    ["--body-bytes", "1GiB", "1073741825", "between 1KiB and 1GiB"],
    ["--drain-timeout", "1h", "1h1ms", "between 1ms and 1h"],
    ["--rotate-age", "100ms", "99ms", "between 100ms and 24h"],
  ] as const;
  for (const [flag, good, bad, allowed] of bounds) {
    configOf([flag, good]);
    assert.equal(refusal([flag, bad]), `${flag} "${bad}" is not ${allowed}`);
  }
});

test("addresses to listen on are read with and without a host", () => {
  const listenOf = (text: string) => configOf(["--listen-addr", text]).listen;
  assert.deepEqual(listenOf(":0"), { hostname: undefined, port: 0 });
  assert.deepEqual(listenOf("127.0.0.1:9501"), { hostname: "127.0.0.1", port: 9501 });
  assert.deepEqual(listenOf("[::1]:9501"), { hostname: "::1", port: 9501 });
  assert.deepEqual(listenOf("[fe80::1%eth0]:65535"), { hostname: "fe80::1%eth0", port: 65_535 });
  assert.deepEqual(listenOf("my-host.local:1"), { hostname: "my-host.local", port: 1 });
  for (const text of [
    "9501",
    "::1:9501",
    ":65536",
    ":",
    "host",
    "http://x:1",
    "[]:1",
    "[host]:1",
    ":-1",
    "a b:1",
  ]) {
    assert.match(
      refusal(["--listen-addr", text]),
      /is not an address like :9501, 127.0.0.1:9501 or \[::1\]:9501/,
      text,
    );
  }
});

test("words are taken from their list only", () => {
  assert.equal(configOf(["--compression", "zstd"]).compression, "zstd");
  assert.equal(configOf(["--log-format=json"]).logFormat, "json");
  assert.equal(refusal(["--log-level", "Info"]), '--log-level "Info" is not one of debug, info, warn, error');
  assert.equal(refusal([], { COMPRESSION: "br" }), 'COMPRESSION="br" is not one of none, gzip, zstd');
  assert.match(refusal(["--region", "eu west"]), /is not an AWS region like/);
});

test("a value that is no single short line is shown as one", () => {
  assert.match(refusal(["--linger", "1s\n2s"]), /--linger "1s\\n2s" is not/);
  assert.ok(refusal(["--linger", "x".repeat(100_000)]).length < 400);
});
