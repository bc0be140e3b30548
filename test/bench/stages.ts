/** Each stage of the way from a body to a signed put, alone, beside the floor. */
import { type Compress, compressorOf } from "../../src/batch/compress.ts";
import { compressions } from "../../src/compression.ts";
import { pieceBytes } from "../../src/http/line-pieces.ts";
import { createQuickMemory } from "../../src/quick/quick-memory.ts";
import { WriteV1Walker } from "../../src/remote/write-v1.ts";
import { WriteV2Walker } from "../../src/remote/write-v2.ts";
import { snappyDecode, snappyDecodedLength } from "../../src/wire/snappy.ts";
import { snappyMessage } from "../../src/wire/snappy-memory.ts";
import { floor, floorSnappy } from "./floor.ts";
import { type Contender, compare, median, medianRatio, report } from "./measure.ts";
import { nullKinesis } from "./null-aws.ts";
import { createIngest, type Round, requestsPerRound, roundsOf } from "./rounds.ts";

const warmups = 4;
const counted = 9;
/** Records of one put: 8 of them fill a batch of lines compressed, and do not exceed a put uncompressed. */
const recordsPerPut = 4;

/**
 * Snappy, decode, lines (all three and encode, in one walk, most series known from before), compress, and base64 with
 * hash and signature.
 */
export async function measureStages(input: string): Promise<void> {
  const contenders = [floor, floorSnappy, snappy(), decode(), lines(), ...compressors(), ...puts()];
  const taken = await compare(contenders, roundsOf(input, warmups + counted, requestsPerRound), warmups);
  const floors = taken.get(floor.name) ?? [];
  const tell = (part: string, values: readonly number[]) =>
    report({
      ...{ figure: "stages", part, input },
      values: { cpuNsPerSample: median(values), toFloor: medianRatio(values, floors) },
    });
  for (const [part, values] of taken) tell(part, values);
  // Series that are known are told and written in one go: there is no decoding without encoding.
  const of = (name: string) => taken.get(name) ?? [];
  tell(
    "decode and encode, series known (lines less snappy)",
    of("lines").map((ns, round) => ns - of("snappy")[round]!),
  );
}

function snappy(): Contender<Round> {
  const room = createQuickMemory(pieceBytes, 1 << 20)?.snappy;
  return {
    name: "snappy",
    run({ bodies }) {
      for (const { body } of bodies) snappyMessage(body, room);
    },
  };
}

function decode(): Contender<Round> {
  const v1 = new WriteV1Walker();
  const v2 = new WriteV2Walker();
  const messages = new WeakMap<Round, readonly Uint8Array[]>();
  return {
    name: "decode alone, every series new",
    run(round) {
      for (const [at, message] of (messages.get(round) ?? []).entries()) {
        if (round.bodies[at]?.version === 2) v2.walk(message, nobody);
        else v1.walk(message, nobody);
      }
    },
    prepare: (round) => messages.set(round, round.bodies.map(unpack)),
  };
}

function unpack({ body }: { readonly body: Uint8Array }): Uint8Array {
  const message = new Uint8Array(snappyDecodedLength(body));
  return message.subarray(0, snappyDecode(body, message));
}

function lines(): Contender<Round> {
  const ingesting = createIngest();
  return {
    name: "lines",
    run({ bodies }) {
      for (const { body, version } of bodies) {
        ingesting.ingest(body, version);
        ingesting.release();
      }
    },
  };
}

function compressors(): Contender<Round>[] {
  return compressions.flatMap((name) => {
    const compress = compressorOf(name);
    if (compress === undefined) return [];
    return [{ name: `compress ${name}`, run: ({ records }) => inTurns(records, compress) }];
  });
}

/** As many at once as a put has. */
async function inTurns(records: readonly Uint8Array[], compress: Compress): Promise<void> {
  for (let at = 0; at < records.length; at += recordsPerPut)
    await Promise.all(records.slice(at, at + recordsPerPut).map(compress));
}

/** The sink without a network: base64, JSON, hash and signature, and reading an answer. */
function puts(): Contender<Round>[] {
  return compressions.map((name) => {
    const compress = compressorOf(name);
    const sink = nullKinesis();
    const packed = new WeakMap<Round, readonly Uint8Array[]>();
    return {
      name: `put ${name}`,
      prepare: async (round) => packed.set(round, await pack(round.records, compress)),
      async run(round) {
        const records = packed.get(round) ?? [];
        for (let at = 0; at < records.length; at += recordsPerPut) {
          await sink.put(records.slice(at, at + recordsPerPut), new AbortController().signal);
        }
      },
    };
  });
}

async function pack(records: readonly Uint8Array[], compress: Compress | undefined): Promise<Uint8Array[]> {
  // A record of a put is a little smaller than one of a round.
  const data = compress === undefined ? records : await Promise.all(records.map(compress));
  return data.map((record) => record.subarray(0, 1_000_000));
}

const ignore = () => undefined;

/** Looks at nothing of what it is shown. */
const nobody = {
  labelBytesMax: 1 << 20,
  weigh: ignore,
  series: ignore,
  knownSeries: ignore,
  sample: ignore,
  histogram: ignore,
  exemplar: ignore,
  metadata: ignore,
  familyMetadata: ignore,
  refusedSeries: ignore,
  refusedHistogram: ignore,
  refusedExemplar: ignore,
  refusedFamilyMetadata: ignore,
};
