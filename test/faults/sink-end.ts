/** The far end of each sink: what the program is told to reach it, and what it holds afterwards. */
import { existsSync } from "node:fs";
import { type FakeAws, type LinesOf, startFakeAws } from "../support/fake-aws/fake-aws.ts";
import { linesOfDirectory } from "../support/sink-lines.ts";

export type SinkKind = "kinesis" | "firehose" | "s3" | "file";

export interface SinkEnd {
  /** Flags that name it. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The fake behind it; the file sink has none. */
  readonly aws: FakeAws;
  /** Every line it holds, without its `\n`. */
  lines(): Promise<readonly string[]>;
  /** Requests that a correct client never makes. */
  problems(): readonly string[];
  close(): Promise<void>;
}

const name = "faults";

/** Opens the far end of a sink; `directory` is the row's own. `tokenLifetimeMs`: its credentials expire. */
export async function openSinkEnd(
  kind: SinkKind,
  directory: string,
  tokenLifetimeMs: number | undefined,
): Promise<SinkEnd> {
  if (kind === "file") return fileEnd(`${directory}/archive`);
  const aws = await startFakeAws({
    streams: kind === "kinesis" ? [{ name, shards: 4 }] : [],
    deliveryStreams: kind === "firehose" ? [{ name, bucket: name }] : [],
    buckets: kind === "s3" ? [name] : [],
    ...(tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs }),
  });
  const { flags, of } = ends[kind];
  return {
    args: [...flags, "--region", aws.region],
    env: tokenLifetimeMs === undefined ? aws.env : aws.containerEnv,
    aws,
    lines: async () => aws.lines(of).map((line) => line.slice(0, -1)),
    problems: () => aws.problems,
    close: () => aws.close(),
  };
}

const ends: Readonly<Record<Exclude<SinkKind, "file">, { flags: readonly string[]; of: LinesOf }>> = {
  kinesis: { flags: ["--sink", `kinesis:${name}`], of: { stream: name } },
  firehose: { flags: ["--sink", `firehose:${name}`], of: { deliveryStream: name } },
  s3: { flags: ["--sink", `s3://${name}/archive`, "--s3-path-style"], of: { bucket: name } },
};

function fileEnd(archive: string): SinkEnd {
  return {
    args: ["--sink", `file:${archive}`],
    env: {},
    get aws(): FakeAws {
      throw new Error("the file sink has no AWS");
    },
    lines: async () => linesOfDirectory(archive),
    problems: () => [],
    close: async () => undefined,
  };
}

/** The refused lines in the quarantine, without their `\n`: one JSON object each, the line as text in `line`. */
export function quarantinedLines(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return linesOfDirectory(directory).map((text) => (JSON.parse(text) as { line: string }).line.slice(0, -1));
}
