/** Puts the quarantined lines into the sink once more. */
import { type Batcher, createBatcher } from "../batch/batcher.ts";
import type { Config } from "../config/config.ts";
import { ConfigError, RefusedLinesError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import { faultMessage, withFaults } from "../sink/file/fault.ts";
import { systemFiles } from "../sink/file/system.ts";
import { type ReplayedFile, replayQuarantine } from "../sink/quarantine/replay.ts";
import { createQuarantine } from "../sink/quarantine.ts";
import type { RefusedLine, Sink } from "../sink/sink.ts";
import { close } from "./close.ts";
import { openSink, type RecordSinkChoice } from "./open-sink.ts";
import { recordCompression } from "./ship-target.ts";
import { createSurroundings, type Surroundings } from "./surroundings.ts";

/** Exit code 0 only when every line is durable now; what is not stays in quarantine. */
export async function replay(config: Config, platform: Platform): Promise<number> {
  if (config.sink.kind === "s3") {
    const why = "a quarantined line is too little for an object; replay to file:DIR and copy its files there";
    throw new ConfigError(2, `cannot replay the quarantine to s3: ${why}`);
  }
  return replayInto(createSurroundings(config, platform), config.sink);
}

async function replayInto(surroundings: Surroundings, choice: RecordSinkChoice): Promise<number> {
  const { config, clock, random, log } = surroundings;
  const sink = await openSink(surroundings, choice);
  const directory = config.quarantineDirectory;
  // What is refused again was there before, so it may stay whatever the bound.
  const bytesMax = Number.POSITIVE_INFINITY;
  const quarantine = createQuarantine({ directory, clock, random, log, bytesMax });
  const total = { durable: 0, refused: 0, damaged: 0 };
  try {
    await replayQuarantine({
      files: withFaults(systemFiles),
      directory,
      put: putterOf(surroundings, sink),
      quarantine,
      sinkName: sink.name,
      onFile: (file) => {
        for (const count of ["durable", "refused", "damaged"] as const) total[count] += file[count];
        tell(file, surroundings);
      },
    });
    log.info("replayed the quarantine", { directory, sink: sink.name, ...total });
    return total.refused + total.damaged === 0 ? 0 : 1;
  } catch (error) {
    log.error("cannot replay all of the quarantine; the rest stays there", {
      ...{ directory, sink: sink.name, error: faultMessage(error) },
    });
    return 1;
  } finally {
    await close(surroundings, `the sink ${sink.name}`, () => sink.close());
    await close(surroundings, "the quarantine", () => quarantine.close());
  }
}

/** Puts lines through a batcher of its own; what that wants to put into quarantine is answered. */
function putterOf(surroundings: Surroundings, sink: Sink) {
  const { config, clock, random, outageLog: log, metrics } = surroundings;
  let refused: RefusedLine[] = [];
  const quarantine = {
    async keep(lines: readonly RefusedLine[]) {
      // The batch's bytes are used again.
      refused.push(...lines.map((each) => ({ ...each, line: each.line.slice() })));
      return config.quarantineDirectory;
    },
  };
  const batcher = createBatcher({
    ...config,
    compression: recordCompression(config),
    lingerMs: 0,
    ...{ sink, quarantine, clock, random, log, metrics },
  });
  return async (lines: Uint8Array): Promise<readonly RefusedLine[]> => {
    refused = [];
    const fitting = withoutTooLong(lines, batcher, refused);
    try {
      await batcher.append(fitting);
    } catch (error) {
      if (!(error instanceof RefusedLinesError)) throw error;
    }
    return refused;
  };
}

/** The lines that the batcher takes; the others are added to `refused`. */
function withoutTooLong(
  lines: Uint8Array,
  { lineBytesMax }: Pick<Batcher, "lineBytesMax">,
  refused: RefusedLine[],
): Uint8Array {
  const kept = new Uint8Array(lines.length);
  let keptBytes = 0;
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(0x0a, start) + 1;
    const line = lines.subarray(start, end);
    start = end;
    if (line.length <= lineBytesMax) {
      kept.set(line, keptBytes);
      keptBytes += line.length;
      continue;
    }
    const message = `The line has ${line.length} bytes, and the sink takes ${lineBytesMax}`;
    refused.push({ line: line.slice(), reason: "line_too_long", message });
  }
  return kept.subarray(0, keptBytes);
}

function tell(file: ReplayedFile, { log }: Surroundings): void {
  const { name, durable, refused, damaged } = file;
  const counts = { file: name, durable, refused, damaged };
  if (damaged > 0) log.warn("damaged lines in a quarantine file cannot be replayed; they stay in it", counts);
  else log.info("replayed a quarantine file", counts);
}
