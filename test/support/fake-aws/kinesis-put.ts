/**
 * PutRecord and PutRecords, with the limits of the real ones.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html (2026-11)
 */
import { CallRefusal } from "./call.ts";
import type { EntryFault, Meeting } from "./fault-book.ts";
import { asObject, bytes, type Input, list, optionalText, validation } from "./json-input.ts";
import { hashKeys, type KinesisStream, shardOf, store, takeRoom } from "./kinesis-stream.ts";

export const putRecordsMax = 500;
/** Data and partition keys of one call. */
const putBytesMax = 10 * 1024 * 1024;
/** Data of one record by the model of the API, whatever the stream is set to. */
const dataBytesMax = 10 * 1024 * 1024;
const partitionKeyCharsMax = 256;
export const throttledCode = "ProvisionedThroughputExceededException";

interface PutEntry {
  readonly data: Buffer;
  readonly partitionKey: string | undefined;
  readonly explicitHashKey: string | undefined;
  readonly bytes: number;
}

/** One entry of PutRecords' answer. */
export type PutResult =
  | { readonly SequenceNumber: string; readonly ShardId: string }
  | { readonly ErrorCode: string; readonly ErrorMessage: string };

/** Reads the entries and refuses the call when one of them, or their sum, is over a limit. */
export function readEntries(input: Input, stream: KinesisStream, meeting: Meeting): readonly PutEntry[] {
  const entries = list(input, "Records", putRecordsMax).map((each, i) =>
    readEntry(asObject(each, `Records.${i + 1}`), stream, meeting),
  );
  const sum = entries.reduce((total, entry) => total + entry.bytes, 0);
  if (sum > putBytesMax) {
    throw new CallRefusal("InvalidArgumentException", `Records size exceeds ${putBytesMax} bytes: ${sum}`);
  }
  return entries;
}

export function readEntry(input: Input, stream: KinesisStream, meeting: Meeting): PutEntry {
  const data = bytes(input, "Data");
  const partitionKey = optionalText(input, "PartitionKey", partitionKeyCharsMax);
  const explicitHashKey = optionalText(input, "ExplicitHashKey");
  if (data.byteLength > dataBytesMax)
    throw validation("data", `have length less than or equal to ${dataBytesMax}`);
  if (partitionKey === undefined && !stream.distributesItself)
    throw validation("partitionKey", "not be null");
  if (explicitHashKey !== undefined) checkHashKey(explicitHashKey);
  const entryBytes = data.byteLength + Buffer.byteLength(partitionKey ?? "");
  if (entryBytes > stream.recordBytesMax) {
    const limit = `the limit of stream ${stream.name} is ${stream.recordBytesMax} bytes`;
    throw new CallRefusal("InvalidArgumentException", `a record of ${entryBytes} bytes: ${limit}`);
  }
  const poison = meeting.poisonOfCall(data);
  if (poison !== undefined) {
    const { code = "InvalidArgumentException", message = "a record is refused for what it holds" } = poison;
    throw new CallRefusal(code, message, { blameless: true });
  }
  return { data, partitionKey, explicitHashKey, bytes: entryBytes };
}

/** Throws the refusal of what is no hash key. */
export function checkHashKey(key: string): bigint {
  if (!/^(0|[1-9]\d{0,38})$/.test(key)) {
    throw validation("explicitHashKey", "satisfy regular expression pattern: 0|([1-9]\\d{0,38})");
  }
  if (BigInt(key) >= hashKeys) {
    const range = "is not in the valid range: [0, 340282366920938463463374607431768211455]";
    throw new CallRefusal(
      "InvalidArgumentException",
      `Invalid ExplicitHashKey. ExplicitHashKey ${key} ${range}`,
    );
  }
  return BigInt(key);
}

/** Puts one record: into its shard while that has room, unless it meets a fault. */
export function putEntry(
  stream: KinesisStream,
  { data, partitionKey, explicitHashKey, bytes: entryBytes }: PutEntry,
  meeting: Meeting,
): PutResult {
  const shard = shardOf(stream, partitionKey, explicitHashKey);
  const slower = `Rate exceeded for shard ${shard.id} in stream ${stream.name} under account 000000000000.`;
  if (meeting.throttle !== undefined || !takeRoom(stream, shard, entryBytes)) {
    return { ErrorCode: throttledCode, ErrorMessage: slower };
  }
  const fault: EntryFault | undefined = meeting.entry({ data, shardId: shard.id });
  if (fault !== undefined && !fault.stored) return failed(fault);
  const SequenceNumber = store(stream, shard, data, partitionKey, explicitHashKey);
  return fault === undefined ? { SequenceNumber, ShardId: shard.id } : failed(fault);
}

function failed({ code, message }: EntryFault): PutResult {
  return { ErrorCode: code, ErrorMessage: message };
}
