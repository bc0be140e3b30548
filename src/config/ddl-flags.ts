/** The flags of `ddl` alone. They have no environment variables: a table is made once. */
import type { Flag } from "./flags.ts";
import { matching, oneOf, readBoolean } from "./values.ts";

export const ddlFlags = {
  location: {
    placeholder: "s3://BUCKET/PREFIX",
    help: "ddl: where the archive is; a directory as well for duckdb (default: the sink, where that is s3 or file)",
    default: undefined,
    read: (text: string) => text,
  },
  table: {
    placeholder: "NAME",
    help: "ddl: name of the table, DATABASE.NAME as well",
    default: "samples",
    read: matching(
      /^(?:[a-z_][a-z0-9_]{0,127}\.)?[a-z_][a-z0-9_]{0,127}$/,
      "a name like samples or metrics.samples: a-z, 0-9 and _ only",
    ),
  },
  engine: {
    placeholder: "athena|duckdb",
    help: "ddl: whose SQL",
    default: "athena",
    read: oneOf("athena", "duckdb"),
  },
  since: {
    placeholder: "YYYY/MM/DD/HH",
    help: "ddl: first hour of the archive; Athena sees nothing that arrived before",
    default: "2024/01/01/00",
    read: matching(
      /^(?:19|20)\d\d\/(?:0[1-9]|1[0-2])\/(?:0[1-9]|[12]\d|3[01])\/(?:[01]\d|2[0-3])$/,
      "an hour like 2026/11/23/06",
    ),
  },
  view: {
    placeholder: undefined,
    help: "ddl: instead the view NAME_values over the table: timestamps, and NaN and infinities as doubles",
    default: undefined,
    read: readBoolean,
  },
} as const satisfies Record<string, Flag<unknown>>;
