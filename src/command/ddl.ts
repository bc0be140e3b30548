/** Prints the SQL that makes a table of the archive. Asks nobody anything. */
import { athenaTable, duckDbView, type Engine, valuesView } from "../archive/ddl.ts";
import type { Config } from "../config/config.ts";
import { ddlFlags } from "../config/ddl-flags.ts";
import { readOwnFlag } from "../config/own-flag.ts";
import { readSink, ValueError } from "../config/values.ts";
import { ConfigError } from "../errors.ts";
import type { Platform } from "../platform.ts";

/** Exit code 0. The statement goes to standard output, and what is to be known about it to standard error. */
export function runDdl(
  config: Config,
  { writeOut, writeErr }: Pick<Platform, "writeOut" | "writeErr">,
  ownTexts: ReadonlyMap<string, string>,
): Promise<number> {
  const engine = readOwnFlag(ddlFlags, "engine", ownTexts)!;
  const table = readOwnFlag(ddlFlags, "table", ownTexts)!;
  const since = readOwnFlag(ddlFlags, "since", ownTexts)!;
  const isView = readOwnFlag(ddlFlags, "view", ownTexts) ?? false;
  const location = isView ? "" : readLocation(engine, config, readOwnFlag(ddlFlags, "location", ownTexts));
  const compression = config.sources.compression === "default" ? undefined : config.compression;
  const statement = isView
    ? valuesView(engine, table)
    : engine === "athena"
      ? athenaTable({ table, location, since })
      : duckDbView({ table, location, compression });
  writeOut(`${statement};\n`);
  if (!isView) for (const note of notesOf(engine, table, since)) writeErr(`-- ${note}\n`);
  return Promise.resolve(0);
}

/** With a slash at its end. */
function readLocation(engine: Engine, { sink }: Config, given: string | undefined): string {
  if (given === undefined) {
    if (sink.kind === "s3") return `s3://${sink.bucket}/${sink.prefix}`;
    if (sink.kind === "file" && engine === "duckdb") return withSlash(sink.directory);
    throw new ConfigError(2, "ddl needs --location s3://BUCKET/PREFIX: where the archive is");
  }
  if (/^s3a?:\/\//.test(given)) return readS3(given.replace(/^s3a:/, "s3:"));
  const directory = given.replace(/^file:(?:\/\/(?=\/))?/, "");
  const isDirectory = directory !== "" && !/^[a-z0-9+.-]+:/i.test(directory) && !directory.includes("\0");
  if (engine === "duckdb" && isDirectory) return withSlash(directory);
  const allowed = engine === "athena" ? "s3://BUCKET/PREFIX" : "s3://BUCKET/PREFIX or a directory";
  throw new ConfigError(2, `--location ${JSON.stringify(given.slice(0, 200))} is not ${allowed}`);
}

function readS3(given: string): string {
  try {
    const sink = readSink(given);
    if (sink.kind === "s3") return `s3://${sink.bucket}/${sink.prefix}`;
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ConfigError(2, `--location ${JSON.stringify(given.slice(0, 200))} is not ${error.message}`);
  }
  throw new RangeError(`${given} was read as something else than a bucket`);
}

function withSlash(directory: string): string {
  return directory.endsWith("/") ? directory : `${directory}/`;
}

function notesOf(engine: Engine, table: string, since: string): readonly string[] {
  const shared = [
    "value is null where special says what the sample is: NaN, +Inf, -Inf, stale, or the bits of another NaN;",
    `  ddl --engine ${engine} --table ${table} --view prints a view that turns them into doubles`,
    "datehour is when lines arrived (UTC), which is after their time: select some hours more, and then by time",
  ];
  if (engine === "duckdb") return shared;
  return [
    ...shared,
    `objects that arrived before ${since} are not seen: give --since if the archive is older`,
    "the end of an object's name tells Athena its compression: .gz and .zst (FileExtension of a delivery stream)",
  ];
}
