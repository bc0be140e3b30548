/**
 * `bun scripts/build-wat.ts`: makes src/wire/snappy-module.ts of src/wire/snappy.wat, after that was changed. The
 * result is committed, so that the source runs as it is; test/wire/snappy-memory.test.ts proves that it is up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import wabt from "wabt";

const folder = join(import.meta.dirname, "../src/wire");
/** Letters of a line of the constant. */
const lineLetters = 100;

/** The file that belongs to a module in the text format. */
export async function moduleFile(wat: string): Promise<string> {
  const { parseWat } = await wabt();
  const parsed = parseWat("snappy.wat", wat, { simd: true });
  parsed.validate();
  const base64 = Buffer.from(parsed.toBinary({}).buffer).toString("base64");
  const lines = base64.match(new RegExp(`.{1,${lineLetters}}`, "g")) ?? [];
  return [
    "/** The WebAssembly module that scripts/build-wat.ts makes of snappy.wat, as base64. */",
    "export const snappyModule =",
    `${lines.map((line) => `  "${line}"`).join(" +\n")};\n`,
  ].join("\n");
}

if (import.meta.main) {
  writeFileSync(
    join(folder, "snappy-module.ts"),
    await moduleFile(readFileSync(join(folder, "snappy.wat"), "utf8")),
  );
}
