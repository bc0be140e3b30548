/**
 * Data Firehose as far as PutRecordBatch goes: checks signature, form and limits, keeps what it confirmed, and
 * fails in every way the real one and the network before it can.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { sigV4Problem } from "./aws-sigv4.ts";
import { type LoopbackRequest, loopbackServer } from "./loopback.ts";

/** What one call meets. `entry` fails some of its records: those for whose index it answers with a code. */
export type Fault =
  | { readonly kind: "entry"; readonly codeOf: (index: number) => string | undefined }
  | { readonly kind: "error"; readonly status: number; readonly code: string; readonly dateMs?: number }
  /** The body of a 200, in place of what was kept; the records are kept nevertheless. */
  | { readonly kind: "body"; readonly text: string }
  /** Never answers. */
  | { readonly kind: "hang" }
  /** Cuts the connection: before anything is kept, or in the middle of the answer. */
  | { readonly kind: "reset"; readonly midAnswer: boolean };

export interface FakeFirehose {
  readonly url: string;
  /** Data of the records with a RecordId, in the order of the calls. */
  readonly records: Uint8Array[];
  /** What was wrong with the calls that a correct client never makes. Stays empty. */
  readonly problems: string[];
  readonly calls: () => number;
  /** Resolves when `count` calls have arrived. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

export interface FakeFirehoseOptions {
  readonly streams: readonly string[];
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The fault of the call with this number, from 1; undefined: none. */
  readonly fault?: (call: number) => Fault | undefined;
  /** Not set: any free one. */
  readonly port?: number;
}

const recordBytesMax = 1000 * 1024;
const callBytesMax = 4 * 1024 * 1024;

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Starts one on a free port of loopback. */
export async function startFakeFirehose(options: FakeFirehoseOptions): Promise<FakeFirehose> {
  const records: Uint8Array[] = [];
  const problems: string[] = [];
  let calls = 0;
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const server = await loopbackServer((request, response, raw) => {
    calls++;
    for (const { count, resolve } of waiting) if (calls >= count) resolve();
    const parsed = readCall(request, options);
    if ("code" in parsed) {
      problems.push(`${parsed.code}: ${parsed.message}`);
      answerJson(response, 400, { __type: parsed.code, message: parsed.message });
      return;
    }
    const fault = options.fault?.(calls);
    if (fault === undefined) confirm(response, records, parsed, () => undefined);
    else fail(fault, { response, raw, records, data: parsed });
  }, options.port);
  return {
    url: server.url,
    records,
    problems,
    calls: () => calls,
    arrived: (count) =>
      calls >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    close: server.close,
  };
}

interface Faulty {
  readonly response: ServerResponse;
  readonly raw: IncomingMessage;
  readonly records: Uint8Array[];
  readonly data: readonly Uint8Array[];
}

function fail(fault: Fault, { response, raw, records, data }: Faulty): void {
  switch (fault.kind) {
    case "entry":
      confirm(response, records, data, fault.codeOf);
      break;
    case "error":
      if (fault.dateMs !== undefined) response.setHeader("Date", new Date(fault.dateMs).toUTCString());
      answerJson(response, fault.status, { __type: fault.code, message: "as the test wants it" });
      break;
    case "body":
      records.push(...data);
      response.end(fault.text);
      break;
    case "reset":
      if (fault.midAnswer) {
        records.push(...data);
        response.writeHead(200, { "Content-Type": "application/x-amz-json-1.1", "Content-Length": "1000" });
        response.write('{"FailedPutCount":0,"RequestResponses":[', () => raw.socket.destroy());
      } else raw.socket.destroy();
      break;
    case "hang":
  }
}

function confirm(
  response: ServerResponse,
  records: Uint8Array[],
  data: readonly Uint8Array[],
  codeOf: (index: number) => string | undefined,
): void {
  let failed = 0;
  const entries = data.map((record, index) => {
    const code = codeOf(index);
    if (code !== undefined) {
      failed++;
      return { ErrorCode: code, ErrorMessage: "as the test wants it" };
    }
    return { RecordId: `record-${records.push(record)}` };
  });
  answerJson(response, 200, { FailedPutCount: failed, Encrypted: false, RequestResponses: entries });
}

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify(value));
}

/** The data of the call's records, or why the call is refused. */
function readCall(request: LoopbackRequest, options: FakeFirehoseOptions): readonly Uint8Array[] | Refusal {
  const refuse = (code: string, message: string): Refusal => ({ code, message });
  if (request.method !== "POST") return refuse("UnknownOperationException", request.method);
  if (request.headers["content-type"] !== "application/x-amz-json-1.1") {
    return refuse("UnknownOperationException", `Content-Type ${request.headers["content-type"]}`);
  }
  if (request.headers["x-amz-target"] !== "Firehose_20150804.PutRecordBatch") {
    return refuse("UnknownOperationException", `X-Amz-Target ${request.headers["x-amz-target"]}`);
  }
  const { accessKeyId, secretAccessKey, region } = options;
  const expected = { accessKeyId, secretAccessKey, region, service: "firehose", nowMs: Date.now() };
  const signature = sigV4Problem(request, expected);
  if (signature !== undefined) return refuse("InvalidSignatureException", signature);
  // The strict reading of the limit: after base64.
  if (request.body.byteLength > callBytesMax) return refuse("InvalidArgumentException", "call over 4 MiB");
  return readRecords(new TextDecoder("utf-8", { fatal: true }).decode(request.body), options, refuse);
}

function readRecords(
  text: string,
  options: FakeFirehoseOptions,
  refuse: (code: string, message: string) => Refusal,
): readonly Uint8Array[] | Refusal {
  const { DeliveryStreamName, Records, ...others } = JSON.parse(text) as Record<string, unknown>;
  if (Object.keys(others).length > 0) return refuse("SerializationException", Object.keys(others).join());
  if (!options.streams.includes(String(DeliveryStreamName))) {
    return refuse("ResourceNotFoundException", `no stream ${String(DeliveryStreamName)}`);
  }
  if (!Array.isArray(Records) || Records.length < 1 || Records.length > 500) {
    return refuse("ValidationException", "not 1 to 500 records");
  }
  const data: Uint8Array[] = [];
  for (const record of Records as readonly Record<string, unknown>[]) {
    const base64 = record["Data"];
    if (typeof base64 !== "string" || Object.keys(record).length !== 1) {
      return refuse("SerializationException", JSON.stringify(record).slice(0, 200));
    }
    const bytes = new Uint8Array(Buffer.from(base64, "base64"));
    if (Buffer.from(bytes).toString("base64") !== base64)
      return refuse("SerializationException", "bad base64");
    if (bytes.byteLength > recordBytesMax) return refuse("InvalidArgumentException", "record over 1,000 KiB");
    data.push(bytes);
  }
  return data;
}
