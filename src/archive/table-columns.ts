/**
 * The archive as a table: columns, partitions and reader, for whatever prints or makes one (the `ddl` command, the
 * Glue table of deploy/terraform). The columns are the keys of a line, see ../line/FORMAT.md.
 *
 * The reader is Hive's JSON SerDe: it keeps label names as they are, where OpenX's may fold them to lower case, and
 * knows decimals, so that 64-bit counts keep their digits.
 * https://docs.aws.amazon.com/athena/latest/ug/hive-json-serde.html (2026-11)
 */
export const tableSerde = "org.apache.hive.hcatalog.data.JsonSerDe";
export const tableInputFormat = "org.apache.hadoop.mapred.TextInputFormat";
export const tableOutputFormat = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";

/** A type that both Hive and DuckDB have. 64-bit integers without sign are decimals of 20 digits. */
export type ColumnType =
  | "bigint"
  | "int"
  | "double"
  | "string"
  | "decimal(20,0)"
  | { readonly array: ColumnType }
  | { readonly mapTo: ColumnType }
  | { readonly struct: Readonly<Record<string, ColumnType>> };

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** What it holds, for the table's own documentation; no quotation marks. */
  readonly comment: string;
}

const labels: ColumnType = { mapTo: "string" };
const doubles: ColumnType = { array: "double" };

/** One side of a histogram's buckets; specials of arrays stand by index. */
function buckets(side: string): Readonly<Record<string, ColumnType>> {
  return {
    [`${side}_spans`]: { array: { array: "bigint" } },
    [`${side}_deltas`]: { array: "bigint" },
    [`${side}_counts`]: doubles,
    [`${side}_counts_special`]: labels,
  };
}

const histogram: ColumnType = {
  struct: {
    count_int: "decimal(20,0)",
    count_float: "double",
    count_float_special: "string",
    sum: "double",
    sum_special: "string",
    schema: "int",
    zero_threshold: "double",
    zero_threshold_special: "string",
    zero_count_int: "decimal(20,0)",
    zero_count_float: "double",
    zero_count_float_special: "string",
    ...buckets("negative"),
    ...buckets("positive"),
    reset_hint: "string",
    custom_values: doubles,
    custom_values_special: labels,
  },
};

/** In the order of the keys of a line. */
export const tableColumns: readonly TableColumn[] = [
  { name: "name", type: "string", comment: "the metric" },
  { name: "time", type: "bigint", comment: "ms since the epoch" },
  { name: "start", type: "bigint", comment: "start timestamp, ms since the epoch (null: not set)" },
  { name: "value", type: "double", comment: "null where special says what it is" },
  {
    name: "special",
    type: "string",
    comment: "NaN, +Inf, -Inf, stale, or 0x and the 16 hex digits of a NaN",
  },
  { name: "histogram", type: histogram, comment: "native histogram, in place of value" },
  {
    name: "exemplar",
    type: { struct: { value: "double", special: "string", labels } },
    comment: "exemplar, in place of value",
  },
  {
    name: "metadata",
    type: { struct: { type: "string", help: "string", unit: "string" } },
    comment: "metadata, in place of value",
  },
  { name: "labels", type: labels, comment: "the label set, __name__ included" },
];

/** The one partition column: the hour in which lines arrived, as the folders of the keys say it (UTC). */
export const partitionColumn: TableColumn = {
  name: "datehour",
  type: "string",
  comment: "hour of arrival, yyyy/MM/dd/HH in UTC",
};

/**
 * Athena computes the partitions from this, so that nobody has to add them. `location` ends with `/`; `since` is the
 * first hour of the archive, `2026/11/23/06`: what arrived before is not seen.
 * https://docs.aws.amazon.com/athena/latest/ug/partition-projection-kinesis-firehose-example.html (2026-11)
 */
export function tableProperties(location: string, since: string): Readonly<Record<string, string>> {
  const { name } = partitionColumn;
  return {
    "projection.enabled": "true",
    [`projection.${name}.type`]: "date",
    [`projection.${name}.format`]: "yyyy/MM/dd/HH",
    [`projection.${name}.range`]: `${since},NOW`,
    [`projection.${name}.interval`]: "1",
    [`projection.${name}.interval.unit`]: "HOURS",
    "storage.location.template": `${location}\${${name}}/`,
  };
}

/** The type as Hive, Athena and Glue write it: `map<string,string>`. */
export function hiveType(type: ColumnType): string {
  if (typeof type === "string") return type;
  if ("array" in type) return `array<${hiveType(type.array)}>`;
  if ("mapTo" in type) return `map<string,${hiveType(type.mapTo)}>`;
  const fields = Object.entries(type.struct).map(([name, field]) => `${name}:${hiveType(field)}`);
  return `struct<${fields.join(",")}>`;
}
