/**
 * A fake AWS to try everything with, without an account: `npm run dev-aws`. It makes a stream, a delivery stream and a
 * bucket, prints the environment that points AWS' clients to it, and one line per call.
 */
import { parseArgs } from "node:util";
import { startFakeAws } from "../test/support/fake-aws/fake-aws.ts";

const usage = `A fake Kinesis, Data Firehose, S3 and STS on one port of loopback. Everything is gone when it ends.

  npm run dev-aws -- [options]

  --port N               0: any free one                                      (4566)
  --region NAME                                                               (us-east-1)
  --stream NAME[:N]      Kinesis stream with N shards; may be repeated        (metrics:4)
  --delivery-stream N    Firehose stream into --bucket; may be repeated       (metrics-to-s3)
  --bucket NAME          S3 bucket; may be repeated, the first is delivered to (archive)
  --deliver-after SEC    how long Firehose holds records                      (60)
  --objects DIR          writes objects to DIR/BUCKET/KEY as well
  --token-lifetime SEC   of credentials from STS and the container endpoint   (3600)
  --line-hashes          keeps a 64-bit hash of each line instead of data
  --quiet                no line per call

Make something go wrong, from another terminal (URL is http://127.0.0.1:4566):
  curl URL/_fake/faults -d '{"kind":"entries","share":0.1}'             a tenth of the records fails in a 200
  curl URL/_fake/faults -d '{"kind":"throttle","forMs":60000}'          everything throttled for a minute
  curl URL/_fake/faults -d '{"kind":"error","code":"InternalFailure","status":500,"service":"kinesis","count":5}'
  curl URL/_fake/faults -d '{"kind":"poison","text":"bad","scope":"entry"}'   records that hold "bad" are refused
  curl URL/_fake/faults -d '{"kind":"hang","stored":true,"probability":0.1,"seed":7}'
  curl URL/_fake/faults -d '{"kind":"slow","latencyMs":2000,"jitterMs":500}'
  curl URL/_fake/faults -d '{"kind":"reset","at":"after-storing"}'
     or before-reading, mid-body, before-storing, mid-answer
  curl URL/_fake/faults -d '{"kind":"answer","form":"malformed"}'
     or cut, empty, html, fewer-entries, more-entries, no-entries, no-proof, error
  curl URL/_fake/faults -d '{"kind":"reshard","stream":"metrics","shards":8}'
  curl URL/_fake/faults -d '{"kind":"shift-clock","minutes":10}'
  curl URL/_fake/faults -d '{"kind":"expire-tokens"}'
  curl URL/_fake/faults -d '{"kind":"deliver"}'                         Firehose delivers now
  curl -X DELETE URL/_fake/faults                                       ends all faults; URL/_fake/faults/ID one
Every fault takes service, operation, skip, count, afterMs, forMs, probability and seed as well.

See what there is:
  curl URL/_fake/state             calls, answers, problems of the client, shards, objects, faults
  curl URL/_fake/lines/NAME        the stored lines of a stream, delivery stream or bucket, decompressed
  curl URL/_fake/records/STREAM    one JSON line per record of a Kinesis stream
`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "4566" },
    region: { type: "string", default: "us-east-1" },
    stream: { type: "string", multiple: true, default: ["metrics:4"] },
    "delivery-stream": { type: "string", multiple: true, default: ["metrics-to-s3"] },
    bucket: { type: "string", multiple: true, default: ["archive"] },
    "deliver-after": { type: "string", default: "60" },
    objects: { type: "string" },
    "token-lifetime": { type: "string", default: "3600" },
    "line-hashes": { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) console.log(usage);
else {
  await run().catch((error: unknown) => {
    // Most likely the port is taken: one sentence says it.
    console.error(`dev-aws cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  });
}

async function run(): Promise<void> {
  const fake = await startFakeAws({
    port: wholeOf("port"),
    region: values.region,
    streams: values.stream.map(streamOf),
    buckets: values.bucket,
    deliveryStreams: values["delivery-stream"].map((name) => ({
      name,
      bucket: values.bucket[0] ?? "archive",
      bufferMs: 1000 * wholeOf("deliver-after"),
    })),
    tokenLifetimeMs: 1000 * wholeOf("token-lifetime"),
    keep: values["line-hashes"] ? "line-hashes" : "data",
    ...(values.objects === undefined ? {} : { objectsDirectory: values.objects }),
    ...(values.quiet ? {} : { log: (line: string) => console.log(line) }),
  });
  console.log(describe(fake));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      // What Firehose confirmed is delivered; with --objects it is in a file then.
      fake.command({ kind: "deliver" });
      void fake.close().then(() => process.exit(0));
    });
  }
}

function wholeOf(name: "port" | "deliver-after" | "token-lifetime"): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`--${name} ${values[name]} is no whole number`);
  process.exit(2);
}

function streamOf(text: string): { name: string; shards: number } {
  const [name = "", shards = "1"] = text.split(":");
  return { name, shards: Number(shards) };
}

function describe(fake: Awaited<ReturnType<typeof startFakeAws>>): string {
  const exports = Object.entries(fake.env).map(([name, value]) => `  export ${name}=${value}`);
  const container = Object.entries(fake.containerEnv)
    .filter(([name]) => !Object.hasOwn(fake.env, name))
    .map(([name, value]) => `  export ${name}=${value}`);
  const stream = values.stream[0]?.split(":")[0];
  return [
    `A fake AWS listens on ${fake.url}. In another terminal:`,
    ...exports,
    "Or, in place of the two keys, credentials that expire, as a container gets them:",
    ...container,
    `Then for example: npm start -- --sink kinesis:${stream}   (or firehose:${values["delivery-stream"][0]}, or`,
    `  s3://${values.bucket[0]}/prefix with --s3-path-style and --spool-dir)`,
    `What is stored: curl ${fake.url}/_fake/lines/${stream}   All it can do: npm run dev-aws -- --help`,
    "",
  ].join("\n");
}
