/** SplitShard, MergeShards and UpdateShardCount. They are done at once; the real ones take half a minute. */
import { CallRefusal } from "./call.ts";
import { type Input, optionalWhole, text } from "./json-input.ts";
import { checkHashKey } from "./kinesis-put.ts";
import { type KinesisStream, mergeShards, reshard, type Shard, splitShard } from "./kinesis-stream.ts";

function openShard(stream: KinesisStream, id: string): Shard {
  const shard = stream.open.find((each) => each.id === id);
  if (shard !== undefined) return shard;
  const known = stream.shards.some((each) => each.id === id);
  const code = known ? "ResourceInUseException" : "ResourceNotFoundException";
  throw new CallRefusal(code, `Shard ${id} is ${known ? "not open" : "not known"}`, { blameless: true });
}

export function splitById(input: Input, stream: KinesisStream): undefined {
  const shard = openShard(stream, text(input, "ShardToSplit"));
  const at = checkHashKey(text(input, "NewStartingHashKey"));
  if (at <= shard.start || at > shard.end) {
    throw new CallRefusal("InvalidArgumentException", `NewStartingHashKey ${at} is not within the shard`);
  }
  splitShard(stream, shard, at);
}

export function mergeByIds(input: Input, stream: KinesisStream): undefined {
  const shard = openShard(stream, text(input, "ShardToMerge"));
  const other = openShard(stream, text(input, "AdjacentShardToMerge"));
  if (shard.end + 1n !== other.start && other.end + 1n !== shard.start) {
    throw new CallRefusal("InvalidArgumentException", `${shard.id} and ${other.id} are not adjacent`);
  }
  mergeShards(stream, shard, other);
}

export function changeShardCount(input: Input, stream: KinesisStream): Record<string, unknown> {
  const target = optionalWhole(input, "TargetShardCount", 1, 100_000);
  if (target === undefined || text(input, "ScalingType") !== "UNIFORM_SCALING") {
    throw new CallRefusal(
      "ValidationException",
      "TargetShardCount and ScalingType UNIFORM_SCALING are needed",
    );
  }
  const current = stream.open.length;
  if (target > 2 * current || target < current / 2) {
    const message = `from ${current} to ${target} shards: not more than twice or less than half as many`;
    throw new CallRefusal("LimitExceededException", message);
  }
  reshard(stream, target);
  return {
    StreamName: stream.name,
    StreamARN: stream.arn,
    CurrentShardCount: current,
    TargetShardCount: target,
  };
}
