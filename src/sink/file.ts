/** The `file:` sink: lines in files by the hour, fsynced before they count, compressed when they are full. */
import { resolve } from "node:path";
import { randomHex, within } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import { ensureDirectories, syncDirectory } from "./file/directory.ts";
import { FileFault, faultMessage, isFault, withFaults } from "./file/fault.ts";
import { removeIfThere } from "./file/finish.ts";
import { FileFinisher } from "./file/finisher.ts";
import { fileStem, probeName } from "./file/name.ts";
import { recoverArchive } from "./file/recover.ts";
import { type Files, systemFiles } from "./file/system.ts";
import { type FileArchiveOptions, FileWriter } from "./file/writer.ts";
import { durable, type Outcome, type Sink, type SinkLimits } from "./sink.ts";

const fileSinkLimits: SinkLimits = {
  recordBytesMax: 64 * 1024 * 1024,
  putRecordsMax: 100_000,
  putBytesMax: 64 * 1024 * 1024,
};
/** How long a start waits for recovery; a large archive is looked through while records already come in. */
const recoverWaitMs = 2_000;
const newline = 0x0a;

export interface FileSinkOptions extends FileArchiveOptions {
  /** The file system, for tests. */
  readonly files?: Files;
}

/**
 * Opens the archive directory and recovers what an earlier run left there. Throws `ConfigError` (exit code 1) when
 * the directory cannot be had or written. Puts answer `retryable` with the errno as reason while the disk does not
 * take the bytes, `refused` for a record that is not whole lines.
 */
export async function openFileSink(options: FileSinkOptions): Promise<Sink> {
  const files = withFaults(options.files ?? systemFiles);
  const { clock, random, log, compression } = options;
  const directory = resolve(options.directory);
  await prepareDirectory(files, directory, options);

  const finisher = new FileFinisher(log);
  const stems = new Set<string>();
  let isWalking = true;
  const processHex = randomHex(random);
  let sequence = 0;
  const nextStem = (): string => {
    sequence += 1;
    const stem = fileStem(clock.now(), processHex, sequence);
    if (isWalking) stems.add(stem);
    return stem;
  };
  const { rotateBytes, rotateAgeMs } = options;
  const writer = new FileWriter({
    ...{ files, directory, compression, rotateBytes, rotateAgeMs },
    ...{ clock, random, log, finisher, nextStem },
  });

  const stop = new AbortController();
  const isOwn = (stem: string) => stems.has(stem);
  const recover = { files, random, log, directory, compression, finisher, isOwn, signal: stop.signal };
  const walked = recoverArchive(recover)
    .catch((error: unknown) => {
      log.error("cannot look for files of an earlier run", { directory, error: faultMessage(error) });
    })
    .finally(() => {
      isWalking = false;
      stems.clear();
    });
  const recovered = walked.then(() => finisher.settled());
  await within(clock, recoverWaitMs, recovered, () => undefined);

  return {
    name: `file:${options.directory}`,
    limits: fileSinkLimits,
    put: (records, signal) => put(writer, records, signal),
    async close() {
      stop.abort();
      await writer.close();
      await walked;
      finisher.retryFailed();
      await finisher.settled();
    },
  };
}

async function put(
  writer: FileWriter,
  records: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  // A file is lines: one record without an end would run into the next, and recovery would cut it off.
  const outcomes = records.map((record): Outcome | undefined => {
    if (record.length === 0) return durable;
    return record.at(-1) === newline ? undefined : notLines;
  });
  const lines = records.filter((_, at) => outcomes[at] === undefined);
  if (lines.length === 0) return outcomes.map((outcome) => outcome ?? durable);
  const written = await writer.append(lines, signal);
  return outcomes.map((outcome) => outcome ?? written);
}

const notLines: Outcome = {
  kind: "refused",
  scope: "record",
  reason: "not_lines",
  message: "cannot append a record to a file: it does not end with a newline",
};

async function prepareDirectory(files: Files, directory: string, options: FileSinkOptions): Promise<void> {
  try {
    await ensureDirectories(files, directory);
    if (!(await files.status(directory)).isDirectory) {
      throw new FileFault("ENOTDIR", `${directory} is a file; name a directory`);
    }
    const probe = `${directory}/${probeName(randomHex(options.random))}`;
    const file = await files.create(probe);
    await file.close();
    await removeIfThere(files, probe);
    await syncDirectory(files, directory);
  } catch (error) {
    // Those pass, and until then every put says so: no reason not to start.
    if (isFault(error, "ENOSPC", "EDQUOT") && (await isDirectory(files, directory))) {
      options.log.warn("the archive's disk is full", { directory, error: faultMessage(error) });
      return;
    }
    const message = `cannot archive to file:${options.directory}: ${faultMessage(error)}`;
    throw new ConfigError(1, message, { cause: error });
  }
}

async function isDirectory(files: Files, path: string): Promise<boolean> {
  try {
    return (await files.status(path)).isDirectory;
  } catch {
    return false;
  }
}
