/** Stands for the `duckdb` command in tests: `duckdb FILE [-c SQL]`, else SQL from standard input; rows as JSON. */
import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

const args = process.argv.slice(2);
const at = args.indexOf("-c");
const path = args[0] === "-c" || args[0] === undefined ? ":memory:" : args[0];
const sql = at === -1 ? readFileSync(0, "utf8") : (args[at + 1] ?? "");
const instance = await DuckDBInstance.create(path);
const connection = await instance.connect();
const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
console.log(rows.map((row) => JSON.stringify(row)).join("\n"));
connection.closeSync();
instance.closeSync();
