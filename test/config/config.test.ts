import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentName, flagNames, flags } from "../../src/config/flags.ts";
import { argumentsOf, configOf, refusal } from "../support/config.ts";

test("with nothing given every setting has its documented default", () => {
  const { sources, texts, ...settings } = configOf([]);
  assert.deepEqual(settings, {
    sink: { kind: "file", directory: "./archive" },
    listen: { hostname: undefined, port: 9501 },
    webConfigFile: undefined,
    clientRequestsMax: undefined,
    clientRequestsPerSecondMax: undefined,
    region: undefined,
    lingerMs: 200,
    compression: "gzip",
    batchBytesMax: 4 * 2 ** 20,
    recordBytesMax: undefined,
    putsInFlightMax: 4,
    pendingBytesMax: 128 * 2 ** 20,
    ackTimeoutMs: 25_000,
    putTimeoutMs: 10_000,
    drainTimeoutMs: 25_000,
    bodyBytesMax: 32 * 2 ** 20,
    decodedBytesMax: 32 * 2 ** 20,
    rotateBytes: 128 * 2 ** 20,
    rotateAgeMs: 300_000,
    spoolDirectory: undefined,
    spoolBytesMax: 8 * 2 ** 30,
    spoolAgeMaxMs: 0,
    spoolFull: "refuse",
    spoolCompression: "zstd",
    shipLingerMs: 1_000,
    quarantineDirectory: "./quarantine",
    s3PathStyle: false,
    kinesisSpread: "auto",
    logLevel: "info",
    logFormat: "text",
  });
  assert.deepEqual(new Set(Object.values(sources)), new Set(["default"]));
  assert.deepEqual(texts, Object.fromEntries(flagNames.map((name) => [name, flags[name].default])));
});

test("the configuration cannot be changed", () => {
  const config = configOf([]);
  for (const part of [config, config.sink, config.listen, config.sources]) assert.ok(Object.isFrozen(part));
});

test("a flag wins over its environment variable, and both over the default", () => {
  const env = { LINGER: "1s", LISTEN_ADDR: "127.0.0.1:1" };
  const config = configOf(["--linger", "2s"], env);
  assert.equal(config.lingerMs, 2_000);
  assert.deepEqual(config.listen, { hostname: "127.0.0.1", port: 1 });
  assert.equal(config.sources.linger, "flag");
  assert.equal(config.sources["listen-addr"], "environment");
  assert.equal(config.sources.region, "default");
});

test("every flag is read from its environment variable", () => {
  const samples: Record<string, string> = {
    sink: "file:x",
    "stream-name": "s",
    "record-bytes": "1MiB",
    "s3-path-style": "true",
    "client-requests": "50",
    "client-requests-per-second": "0.5",
  };
  for (const name of flagNames) {
    if (name === "firehose") continue;
    const text =
      samples[name] ?? flags[name].default ?? { region: "eu-west-1", compression: "zstd" }[name as string];
    const { sources } = configOf([], { SPOOL_DIR: "s", [environmentName(name)]: text ?? "1s" });
    assert.equal(sources[name], "environment", name);
  }
});

test("an empty environment variable is unset", () => {
  const config = configOf([], { LINGER: "", STREAM_NAME: "", SINK: "", FIREHOSE: "" });
  assert.equal(config.lingerMs, 200);
  assert.equal(config.sink.kind, "file");
});

test("an empty flag is not unset", () => {
  for (const name of flagNames) assert.match(refusal([`--${name}=`]), new RegExp(`--${name} "" is not`));
});

test("the predecessor's command line still works", () => {
  const args = [
    "-stream-name",
    "metrics",
    "-listen-addr=:9600",
    "-firehose",
    "-write-interval",
    "1m30s",
    "-ack-timeout=2m",
  ];
  assert.throws(() => configOf(args), /between 0 and 20s/);
  const config = configOf([
    "-stream-name",
    "metrics",
    "-listen-addr=:9600",
    "-firehose",
    "-write-interval",
    "2s",
  ]);
  assert.deepEqual(config.sink, { kind: "firehose", stream: "metrics" });
  assert.deepEqual(config.listen, { hostname: undefined, port: 9600 });
  assert.equal(config.lingerMs, 2_000);
  assert.equal(config.compression, "none");
});

test("--firehose takes a value as Go's flag package does, and never the next argument", () => {
  const kinds = [
    "-firehose",
    "--firehose",
    "-firehose=true",
    "-firehose=1",
    "--firehose=false",
    "-firehose=F",
  ].map((flag) => configOf([flag, "--stream-name", "s"]).sink.kind);
  assert.deepEqual(kinds, ["firehose", "firehose", "firehose", "firehose", "kinesis", "kinesis"]);
  const asked = argumentsOf(["--firehose", "serve"]);
  assert.equal(asked.kind === "run" && asked.command, "serve");
});

test("a value may begin with a dash", () => {
  assert.deepEqual(configOf(["-stream-name", "-linger"]).sink, { kind: "kinesis", stream: "-linger" });
});

test("two spellings of one setting from the same source contradict each other", () => {
  assert.match(refusal(["--sink", "file:x", "--stream-name", "s"]), /--sink "file:x" and --stream-name "s"/);
  assert.match(refusal([], { SINK: "file:x", STREAM_NAME: "s" }), /SINK="file:x" and STREAM_NAME="s"/);
  assert.match(
    refusal(["--linger", "1s", "-write-interval", "1s"]),
    /--linger "1s" and --write-interval "1s"/,
  );
  assert.match(refusal([], { LINGER: "1s", WRITE_INTERVAL: "2s" }), /LINGER="1s" and WRITE_INTERVAL="2s"/);
});

test("of two spellings from different sources the flag's wins", () => {
  assert.equal(configOf(["--sink", "file:x"], { STREAM_NAME: "s", FIREHOSE: "true" }).sink.kind, "file");
  assert.equal(configOf(["--stream-name", "s"], { SINK: "file:x" }).sink.kind, "kinesis");
  assert.equal(configOf(["--firehose"], { STREAM_NAME: "s" }).sink.kind, "firehose");
  assert.equal(configOf(["--write-interval", "1s"], { LINGER: "2s" }).lingerMs, 1_000);
  assert.equal(configOf([], { WRITE_INTERVAL: "2s" }).lingerMs, 2_000);
});

test("--firehose without a stream is refused", () => {
  assert.match(refusal(["--firehose"]), /--firehose "true" needs --stream-name/);
  assert.match(refusal(["--firehose", "--sink", "kinesis:s"]), /needs --stream-name/);
  assert.equal(configOf(["--firehose=false", "--sink", "kinesis:s"]).sink.kind, "kinesis");
});

test("a flag given twice is refused", () => {
  assert.match(refusal(["--linger", "1s", "-linger=2s"]), /--linger is given twice/);
  assert.match(refusal(["-firehose", "--firehose", "--stream-name", "s"]), /--firehose is given twice/);
});

test("an unknown flag is named, with the one that was meant", () => {
  assert.match(refusal(["--lingr", "1s"]), /unknown flag '--lingr' \(Did you mean --linger\?\)/);
  assert.match(refusal(["-stream", "1s"]), /unknown flag '--stream'/);
  assert.match(refusal(["-x"]), /unknown flag '-x'/);
  assert.match(refusal(["--no-firehose"]), /unknown flag '--no-firehose'/);
  assert.match(refusal(["--constructor"]), /unknown flag '--constructor'/);
});

test("a missing value and a surplus argument are refused", () => {
  assert.match(refusal(["--sink"]), /'--sink <SINK>' argument missing/);
  assert.match(refusal(["serve", "now"]), /too many arguments/);
});

test("a command has one word or two, and flags may stand anywhere around them", () => {
  for (const args of [
    ["spool", "inspect", "--linger=1s"],
    ["spool", "--linger", "1s", "inspect"],
    ["--linger", "1s", "-firehose", "spool", "inspect"],
  ]) {
    const asked = argumentsOf(args);
    assert.equal(asked.kind === "run" && asked.command, "spool inspect", args.join(" "));
  }
  const none = argumentsOf([]);
  assert.ok(none.kind === "run" && none.command === undefined);
});

test("a command that is not there is told with those that are", () => {
  const all = /the commands are serve, spool inspect, spool replay/;
  assert.match(refusal(["sing"]), /unknown command "sing": the commands are serve, spool inspect/);
  assert.match(refusal(["inspect"]), all);
  assert.match(refusal([""]), all);
  assert.match(refusal(["spool"]), /"spool" is half a command: there are spool inspect, spool replay/);
  const other = /unknown command "spool sing": the spool commands are spool inspect, spool replay/;
  assert.match(refusal(["spool", "sing"]), other);
  assert.match(refusal(["spool", "inspect", "./x"]), /too many arguments: ".\/x" comes behind spool inspect/);
});

test("--help lists the commands of two words", () => {
  const asked = argumentsOf(["spool", "--help"]);
  assert.match(
    asked.kind === "print" ? asked.text : "",
    /\n {2}serve +receive\n {2}spool inspect +tell what/,
  );
});

test("a setting that exceeds the one it depends on is refused when typed and gives way as a default", () => {
  assert.match(
    refusal(["--put-timeout", "26s"]),
    /--put-timeout "26s" is not at most --ack-timeout "25s" \(the default\)/,
  );
  assert.match(
    refusal(["--pending-bytes=1MiB", "--batch-bytes=2MiB"]),
    /--batch-bytes "2MiB" is not at most/,
  );
  assert.equal(configOf(["--ack-timeout", "5s"]).putTimeoutMs, 5_000);
  assert.equal(configOf(["--pending-bytes", "1MiB"]).batchBytesMax, 2 ** 20);
});

test("what says how to spool is refused where nothing is spooled", () => {
  for (const flag of ["spool-bytes=1GiB", "spool-age=1h", "spool-full=refuse", "ship-linger=2s"]) {
    assert.match(refusal([`--${flag}`]), /^--[a-z-]+ "\w+" needs --spool-dir$/);
    configOf([`--${flag}`, "--spool-dir", "s"]);
  }
  assert.match(refusal([], { SPOOL_BYTES: "1GiB" }), /^SPOOL_BYTES="1GiB" needs --spool-dir$/);
  assert.match(refusal(["--sink=s3://bucket/x", "--ship-linger=2s"]), /is not for s3: --rotate-age is/);
});

test("s3 has a spool also when none is named", () => {
  assert.equal(configOf(["--sink", "s3://bucket", "--spool-bytes", "1GiB"]).spoolDirectory, "./spool");
  assert.equal(configOf(["--sink", "s3://bucket", "--spool-dir", "/x"]).spoolDirectory, "/x");
});

test("--help lists every flag with its default and environment variable", () => {
  for (const flag of ["--help", "-h", "-help"]) {
    const asked = argumentsOf(["serve", flag]);
    assert.equal(asked.kind, "print");
    const text = asked.kind === "print" ? asked.text : "";
    for (const name of flagNames) {
      const preset = flags[name].default;
      const start = text.indexOf(`\n  --${name} `);
      const entry = text.slice(start, text.indexOf("\n  -", start + 1)).replace(/\s+/g, " ");
      assert.ok(entry.includes(`$${environmentName(name)})`), `${name}: ${entry}`);
      if (preset !== undefined) assert.ok(entry.includes(`(default ${preset}, `), `${name}: ${entry}`);
    }
  }
});

test("--version prints the version and nothing else", () => {
  assert.deepEqual(argumentsOf(["--version"]), {
    kind: "print",
    text: "prometheus-remote-kinesis 1.2.3 (node 24)\n",
  });
});

test("a flag with a digit in its name is a flag like the others", () => {
  const sink = ["--sink", "s3://bucket/p"];
  for (const spelled of ["--s3-path-style", "-s3-path-style", "--s3-path-style=true"]) {
    const config = configOf([...sink, spelled, "--rotate-age", "1m"]);
    assert.deepEqual([config.s3PathStyle, config.sources["s3-path-style"]], [true, "flag"], spelled);
  }
  assert.equal(configOf([...sink, "--s3-path-style=false"]).s3PathStyle, false);
});
