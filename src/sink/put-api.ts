/**
 * What PutRecords and PutRecordBatch have in common: a JSON body with the records in base64, and an answer
 * with one entry per record in the same order.
 */
import { Buffer } from "node:buffer";
import { isObject } from "../aws/answer.ts";
import { classifyEntry } from "../aws/classify.ts";
import type { AwsClient } from "../aws/client.ts";
import { durable, type Outcome, type Sink, type SinkLimits } from "./sink.ts";

export interface PutApi {
  readonly name: string;
  readonly limits: SinkLimits;
  readonly client: AwsClient;
  /** X-Amz-Target of the call. */
  readonly target: string;
  /** The body up to the first record: `{"…":"…","Records":[`. ASCII. */
  readonly head: string;
  /** What follows a record's data: closes the string, adds further fields, closes the object. ASCII. */
  readonly recordTail: () => string;
  /** The array of the answer, and the field of an entry that proves its record durable. */
  readonly entriesField: string;
  readonly proofField: string;
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
      if (signal.aborted) return fill(records.length, unconfirmed("aborted", "the put was given up"));
      const answer = await api.client.post(api.target, encodeBody(api, records), signal);
      if (answer.kind === "answered") return outcomesOf(api, answer.value, records.length);
      const { recovery: _, ...outcome } = answer.verdict;
      return fill(records.length, outcome);
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
    const held = unconfirmed("not-sent", "a record beside it is over the limit");
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
export function encodeBody(
  { head, recordTail }: Pick<PutApi, "head" | "recordTail">,
  records: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const tails = records.map(() => recordTail());
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

function outcomesOf(
  { entriesField, proofField }: PutApi,
  answer: Readonly<Record<string, unknown>>,
  count: number,
): readonly Outcome[] {
  const entries: unknown = answer[entriesField];
  if (!Array.isArray(entries) || entries.length !== count) {
    const got = Array.isArray(entries) ? `${entries.length} entries` : "no entries";
    // Which entry belongs to which record is unknown, so none is confirmed.
    return fill(count, unconfirmed("unconfirmed", `${got} in the answer for ${count} records`));
  }
  return entries.map((entry: unknown) => outcomeOf(entry, proofField));
}

function outcomeOf(entry: unknown, proofField: string): Outcome {
  if (!isObject(entry)) return unconfirmed("unconfirmed", "an entry of the answer is no object");
  const code = textOf(entry["ErrorCode"]);
  if (code !== "") {
    const { recovery: _, ...outcome } = classifyEntry(code, textOf(entry["ErrorMessage"]));
    return outcome;
  }
  // An error code that is no text is still an error code.
  if ((entry["ErrorCode"] ?? "") === "" && textOf(entry[proofField]) !== "") return durable;
  return unconfirmed("unconfirmed", `an entry of the answer has neither ${proofField} nor ErrorCode`);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 500) : "";
}

function unconfirmed(reason: string, message: string): Outcome {
  return { kind: "retryable", throttled: false, reason, message };
}

function fill(count: number, outcome: Outcome): readonly Outcome[] {
  return new Array<Outcome>(count).fill(outcome);
}
