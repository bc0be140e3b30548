/**
 * A null end in a process of its own, so that its CPU does not count: answers every put of Kinesis and Firehose as
 * durable, a relay's remote write with 204. First line on stdout: the port. GET /_null tells how many requests and
 * bytes came.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { durableAnswer, durableFirehoseAnswer } from "./null-aws.ts";

const [keyPath, certPath] = process.argv.slice(2);
const isTls = keyPath !== undefined && certPath !== undefined;
const recordMark = Buffer.from('"Data":"');
const shards = ["0", "1", "2", "3"].map((n) => ({
  ShardId: `shardId-00000000000${n}`,
  HashKeyRange: {
    StartingHashKey: String(2n ** 126n * BigInt(n)),
    EndingHashKey: String(2n ** 126n * (BigInt(n) + 1n) - 1n),
  },
  SequenceNumberRange: { StartingSequenceNumber: "49590338271490256608559692538361571095921575989136588898" },
}));
const came = { requests: 0, bytes: 0 };

const server = isTls
  ? createTlsServer({ key: readFileSync(keyPath), cert: readFileSync(certPath) }, take)
  : createServer(take);
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
process.on("SIGTERM", () => process.exit(0));
// Whoever started it is gone.
process.stdin.on("end", () => process.exit(0)).resume();

function take(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => answer(request, Buffer.concat(chunks), response));
}

function answer({ method, headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
  if (method === "GET") {
    response.end(JSON.stringify(came));
    return;
  }
  came.requests++;
  came.bytes += body.length;
  const target = String(headers["x-amz-target"] ?? "");
  const json = { "Content-Type": "application/x-amz-json-1.1" };
  if (target.endsWith(".PutRecords")) response.writeHead(200, json).end(durableAnswer(countRecords(body)));
  else if (target.endsWith(".PutRecordBatch"))
    response.writeHead(200, json).end(durableFirehoseAnswer(countRecords(body)));
  else if (target.endsWith(".ListShards"))
    response.writeHead(200, json).end(JSON.stringify({ Shards: shards }));
  else response.writeHead(204).end();
}

/** Base64 holds no quote, so the mark stands only before a record. */
function countRecords(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(recordMark); at >= 0; at = body.indexOf(recordMark, at + recordMark.length))
    count++;
  return count;
}
