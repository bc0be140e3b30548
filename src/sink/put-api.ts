/**
 * What PutRecords and PutRecordBatch have in common: a JSON body with the records in base64, and an answer
 * with one entry per record in the same order.
 */
import { Buffer } from "node:buffer";
import { isObject } from "../aws/answer.ts";
import { classifyEntry, type Verdict } from "../aws/classify.ts";
import type { AwsClient } from "../aws/client.ts";
import { release } from "../wire/release.ts";
import { durable, type Outcome, type Sink, type SinkLimits } from "./sink.ts";

export interface PutApi {
  readonly name: string;
  readonly limits: SinkLimits;
  readonly client: AwsClient;
  /** X-Amz-Target of the call. */
  readonly target: string;
  /** The body up to the first record: `{"…":"…","Records":[`. ASCII. */
  readonly head: string;
  /** Begins a put of `count` records. */
  readonly begin: (count: number) => PutPlan;
  /** The array of the answer, and the field of an entry that proves its record durable. */
  readonly entriesField: string;
  readonly proofField: string;
}

/** What one put adds to its records and makes of its answer. */
export interface PutPlan {
  /** What follows each record's data: closes the string, adds further fields, closes the object. ASCII. */
  readonly tails: readonly string[];
  /**
   * Learns from the answer and gives the outcomes to tell. `entries` belong to the records one by one; undefined where
   * the call failed as a whole.
   */
  readonly judge?: (
    outcomes: readonly Outcome[],
    entries: readonly unknown[] | undefined,
  ) => readonly Outcome[];
}

const recordHead = '{"Data":"';
const bodyTail = "]}";
/** Multiple of 3, so that pieces of a record join without padding; small enough to stay in the cache. */
const pieceBytes = 48 * 1024;

/** A sink that sends all records of a put in one call. */
export function createPutApiSink(api: PutApi): Sink {
  return {
    name: api.name,
    limits: api.limits,
    async put(records, signal) {
      if (records.length === 0) return [];
      const excess = excessOf(records, api.limits);
      if (excess !== undefined) return excess;
      if (signal.aborted) return fill(records.length, notSent("aborted", "the put was given up"));
      const { tails, judge } = api.begin(records.length);
      const body = encodeBody(api.head, records, tails);
      const answer = await api.client.post(api.target, body, signal);
      // fetch and digest work on copies, so an attempt that was given up reads nothing of it any more.
      release(body);
      const entries = answer.kind === "answered" ? entriesOf(api, answer.value, records.length) : undefined;
      const outcomes =
        answer.kind === "failed"
          ? fill(records.length, outcomeOfVerdict(answer.verdict))
          : (entries?.map((entry) => outcomeOf(entry, api)) ?? miscounted(api, answer.value, records.length));
      return judge?.(outcomes, entries) ?? outcomes;
    },
    close: () => Promise.resolve(),
  };
}

/** Outcomes for a put over the limits, which the service would refuse whole; undefined when it keeps them. */
function excessOf(records: readonly Uint8Array[], limits: SinkLimits): readonly Outcome[] | undefined {
  const { recordBytesMax, putRecordsMax, putBytesMax } = limits;
  const refused = (message: string, scope: "record" | "put"): Outcome => {
    return { kind: "refused", scope, reason: "over-limit", message };
  };
  const tooLarge = records.find((record) => record.byteLength > recordBytesMax);
  if (tooLarge !== undefined) {
    // Its neighbours are not at fault: they may go without it.
    const message = `record of ${tooLarge.byteLength} bytes, the limit is ${recordBytesMax}`;
    const held = notSent("not-sent", "a record beside it is over the limit");
    return records.map((record) => (record.byteLength > recordBytesMax ? refused(message, "record") : held));
  }
  if (records.length > putRecordsMax) {
    return fill(
      records.length,
      refused(`put of ${records.length} records, the limit is ${putRecordsMax}`, "put"),
    );
  }
  const putBytes = records.reduce((sum, record) => sum + record.byteLength, 0);
  if (putBytes <= putBytesMax) return undefined;
  return fill(records.length, refused(`put of ${putBytes} bytes, the limit is ${putBytesMax}`, "put"));
}

/** The JSON text of the call, written once into its final place. */
function encodeBody(
  head: string,
  records: readonly Uint8Array[],
  tails: readonly string[],
): Uint8Array<ArrayBuffer> {
  const bytes = records.reduce(
    (sum, record, i) => sum + base64Bytes(record.byteLength) + recordHead.length + tails[i]!.length + 1,
    head.length + bodyTail.length - 1,
  );
  const body = new Uint8Array(bytes);
  let at = writeText(head, body, 0);
  for (let i = 0; i < records.length; i++) {
    if (i > 0) body[at++] = 0x2c;
    at = writeText(recordHead, body, at);
    at = writeBase64(records[i]!, body, at);
    at = writeText(tails[i]!, body, at);
  }
  at = writeText(bodyTail, body, at);
  if (at !== bytes) throw new RangeError(`encoded ${at} bytes into a body of ${bytes}`);
  return body;
}

function writeBase64(record: Uint8Array, body: Uint8Array, start: number): number {
  const source = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  let at = start;
  for (let from = 0; from < source.length; from += pieceBytes) {
    const until = Math.min(from + pieceBytes, source.length);
    at = writeText(source.toString("base64", from, until), body, at);
  }
  return at;
}

const encoder = new TextEncoder();

/** Not Buffer.write: for 10 MiB that takes 2 ms on Node and Bun like this, but 100 ms on Deno. */
function writeText(ascii: string, body: Uint8Array, at: number): number {
  return at + encoder.encodeInto(ascii, body.subarray(at)).written;
}

/** Length of `bytes` in base64, padding included. */
export function base64Bytes(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

function entriesOf(
  { entriesField }: PutApi,
  answer: Readonly<Record<string, unknown>>,
  count: number,
): readonly unknown[] | undefined {
  const entries: unknown = answer[entriesField];
  return Array.isArray(entries) && entries.length === count ? entries : undefined;
}

/** Which entry belongs to which record is unknown, so none is confirmed. */
function miscounted(
  { entriesField }: PutApi,
  answer: Readonly<Record<string, unknown>>,
  count: number,
): readonly Outcome[] {
  const entries: unknown = answer[entriesField];
  const got = Array.isArray(entries) ? `${entries.length} entries` : "no entries";
  return fill(count, unconfirmed(`${got} in the answer for ${count} records`));
}

function outcomeOf(entry: unknown, { client, proofField }: PutApi): Outcome {
  if (!isObject(entry)) return unconfirmed("an entry of the answer is no object");
  const code = textOf(entry["ErrorCode"]);
  if (code !== "")
    return outcomeOfVerdict(classifyEntry(client.service, code, textOf(entry["ErrorMessage"])));
  // An error code that is no text is still an error code.
  if ((entry["ErrorCode"] ?? "") === "" && textOf(entry[proofField]) !== "") return durable;
  return unconfirmed(`an entry of the answer has neither ${proofField} nor ErrorCode`);
}

function outcomeOfVerdict(verdict: Verdict): Outcome {
  const { recovery: _, ...outcome } = verdict;
  return outcome;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 500) : "";
}

function unconfirmed(message: string): Outcome {
  return { kind: "retryable", throttled: false, unconfirmed: true, reason: "unconfirmed", message };
}

function notSent(reason: string, message: string): Outcome {
  return { kind: "retryable", throttled: false, reason, message };
}

function fill(count: number, outcome: Outcome): readonly Outcome[] {
  return new Array<Outcome>(count).fill(outcome);
}
