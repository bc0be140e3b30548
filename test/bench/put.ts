/** Yardstick (c): one PutRecords call by our client and by AWS' own, over a network that answers at once. */
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { compressorOf } from "../../src/batch/compress.ts";
import { compressions } from "../../src/compression.ts";
import { type Contender, compare, median, medianRatio, report } from "./measure.ts";
import { durableAnswer, nullCredentials, nullKinesis, nullRegion } from "./null-aws.ts";
import { type Round, roundsOf } from "./rounds.ts";

const warmups = 4;
const counted = 9;
const recordsPerPut = 4;

interface Puts extends Pick<Round, "samples"> {
  readonly puts: readonly (readonly Uint8Array[])[];
}

/** Of records as the batcher makes them, none, gzip and zstd. */
export async function measurePut(input: string): Promise<void> {
  for (const compression of compressions) {
    const rounds = [];
    for (const round of roundsOf(input, warmups + counted)) {
      const compress = compressorOf(compression);
      const records = await Promise.all(
        round.records.map((record) => compress?.(record) ?? record.subarray(0, 1_000_000)),
      );
      rounds.push({ samples: round.samples, puts: inPuts(records) });
    }
    const taken = await compare([ours(), theirs()], rounds, warmups);
    const sdk = taken.get("AWS SDK") ?? [];
    for (const [name, values] of taken) {
      const part = `${name}, ${compression}`;
      const cpuNsPerSample = median(values);
      report({
        figure: "put",
        ...{ part, input },
        values: { cpuNsPerSample, toAwsSdk: medianRatio(values, sdk) },
      });
    }
  }
}

function inPuts(records: readonly Uint8Array[]): Uint8Array[][] {
  const puts: Uint8Array[][] = [];
  for (let at = 0; at < records.length; at += recordsPerPut) puts.push(records.slice(at, at + recordsPerPut));
  return puts;
}

function ours(): Contender<Puts> {
  const sink = nullKinesis();
  return {
    name: "ours",
    async run({ puts }) {
      for (const records of puts) await sink.put(records, new AbortController().signal);
    },
  };
}

function theirs(): Contender<Puts> {
  const client = new KinesisClient({
    region: nullRegion,
    credentials: nullCredentials,
    endpoint: "https://kinesis.invalid/",
    requestHandler: {
      handle: ({ body }: { readonly body: unknown }) => Promise.resolve({ response: answerTo(body) }),
      destroy: () => undefined,
    } as never,
  });
  return {
    name: "AWS SDK",
    async run({ puts }) {
      for (const records of puts) {
        const Records = records.map((Data) => ({ Data, PartitionKey: String(Math.random()) }));
        await client.send(new PutRecordsCommand({ StreamName: "bench", Records }));
      }
    },
  };
}

/** Its client does not look how many records the answer names. */
function answerTo(body: unknown) {
  if (body === undefined) throw new Error("a put without a body");
  return {
    statusCode: 200,
    headers: { "content-type": "application/x-amz-json-1.1" },
    body: new TextEncoder().encode(durableAnswer(recordsPerPut)),
  };
}
