/**
 * The SQL that makes a table of the archive, for Athena and for DuckDB. Both have the columns of table-columns.ts and
 * read what stands in the folders YYYY/MM/DD/HH, whichever sink wrote it.
 * https://docs.aws.amazon.com/athena/latest/ug/create-table.html (2026-11)
 */
import type { Compression } from "../compression.ts";
import {
  type ColumnType,
  hiveType,
  partitionColumn,
  tableColumns,
  tableInputFormat,
  tableOutputFormat,
  tableProperties,
  tableSerde,
} from "./table-columns.ts";

export interface AthenaTable {
  /** `table` or `database.table`; lower case letters, digits and underscores. */
  readonly table: string;
  /** `s3://bucket/prefix/`, with the slash. */
  readonly location: string;
  /** The first hour of the archive, `2026/11/23/06`. */
  readonly since: string;
}

export interface DuckDbView {
  readonly table: string;
  /** `s3://bucket/prefix/` or the path of a directory, with the slash. */
  readonly location: string;
  /** Undefined: the names of the files tell. */
  readonly compression: Compression | undefined;
}

/** The statement that makes the table in Athena, without a semicolon. */
export function athenaTable({ table, location, since }: AthenaTable): string {
  const column = ({ name, type, comment }: (typeof tableColumns)[number]) =>
    `\`${name}\` ${hiveType(type)} COMMENT ${hiveQuoted(comment)}`;
  const properties = Object.entries(tableProperties(location, since)).map(
    ([name, value]) => `  ${hiveQuoted(name)} = ${hiveQuoted(value)}`,
  );
  // START and TIME are words of Hive's language: hence the backticks.
  return [
    `CREATE EXTERNAL TABLE IF NOT EXISTS ${identifiers(table, "`")} (`,
    tableColumns.map((each) => `  ${column(each)}`).join(",\n"),
    ")",
    `PARTITIONED BY (${column(partitionColumn)})`,
    `ROW FORMAT SERDE ${hiveQuoted(tableSerde)}`,
    `STORED AS INPUTFORMAT ${hiveQuoted(tableInputFormat)}`,
    `  OUTPUTFORMAT ${hiveQuoted(tableOutputFormat)}`,
    `LOCATION ${hiveQuoted(location)}`,
    "TBLPROPERTIES (",
    properties.join(",\n"),
    ")",
  ].join("\n");
}

/** The statement that makes the same table a view in DuckDB, without a semicolon. */
export function duckDbView({ table, location, compression }: DuckDbView): string {
  const hour = "[0-9][0-9]";
  const files = `${globEscaped(location)}${hour}${hour}/${hour}/${hour}/${hour}/*`;
  const names = tableColumns.map(({ name }) => `"${name}"`).join(", ");
  const columns = tableColumns.map(({ name, type }) => `    "${name}": ${quoted(duckDbType(type))}`);
  return [
    `CREATE OR REPLACE VIEW ${identifiers(table, '"')} AS`,
    `SELECT ${names},`,
    `  regexp_extract(filename, '(\\d{4}/\\d\\d/\\d\\d/\\d\\d)/[^/]*$', 1) AS "${partitionColumn.name}"`,
    `FROM read_json(${quoted(files)},`,
    `  format = 'newline_delimited', filename = true, compression = ${quoted(duckDbCompression(compression))},`,
    "  columns = {",
    columns.join(",\n"),
    "  })",
    // What the file sink has not finished yet: DuckDB does not open files that are ruled out by their names.
    "WHERE NOT regexp_matches(filename, '\\.(part|tmp|recover)$')",
  ].join("\n");
}

export type Engine = "athena" | "duckdb";

/**
 * The statement of a view over the table in which samples are as Prometheus had them: times as timestamps (null
 * for those that are none), infinities and NaN as doubles. A null without a special is what the predecessor wrote for
 * all of them: NaN.
 */
export function valuesView(engine: Engine, table: string): string {
  // A view of Athena has no column with a time zone.
  const [nan, infinity, timestamp] =
    engine === "athena"
      ? ["nan()", "infinity()", `try(CAST(from_unixtime("time" / 1e3) AT TIME ZONE 'UTC' AS timestamp))`]
      : ["'nan'::DOUBLE", "'inf'::DOUBLE", 'try(make_timestamp("time" * 1000))'];
  const none = ["histogram", "exemplar", "metadata"].map((name) => `"${name}" IS NULL`).join(" AND ");
  return [
    `CREATE OR REPLACE VIEW ${identifiers(`${table}_values`, '"')} AS`,
    `SELECT "name", ${timestamp} AS "sampled_at",`,
    "  CASE",
    `    WHEN "special" = '+Inf' THEN ${infinity}`,
    `    WHEN "special" = '-Inf' THEN -${infinity}`,
    `    WHEN "value" IS NULL THEN ${nan}`,
    '    ELSE "value"',
    '  END AS "value",',
    `  coalesce("special" = 'stale', false) AS "stale",`,
    `  "labels", "time", "${partitionColumn.name}"`,
    `FROM ${identifiers(table, '"')}`,
    `WHERE ${none}`,
  ].join("\n");
}

function duckDbType(type: ColumnType): string {
  if (type === "string") return "VARCHAR";
  if (type === "int") return "INTEGER";
  if (typeof type === "string") return type.toUpperCase();
  if ("array" in type) return `${duckDbType(type.array)}[]`;
  if ("mapTo" in type) return `MAP(VARCHAR, ${duckDbType(type.mapTo)})`;
  const fields = Object.entries(type.struct).map(([name, field]) => `"${name}" ${duckDbType(field)}`);
  return `STRUCT(${fields.join(", ")})`;
}

function duckDbCompression(compression: Compression | undefined): string {
  return compression ?? "auto_detect";
}

function identifiers(path: string, quote: string): string {
  return path
    .split(".")
    .map((name) => `${quote}${name}${quote}`)
    .join(".");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Hive reads two quotation marks in a row as none. */
function hiveQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}

/** A path is to be taken as it is; keys of S3 that we write have none of these. */
function globEscaped(path: string): string {
  return path.replace(/[*?[\]]/g, "[$&]");
}
