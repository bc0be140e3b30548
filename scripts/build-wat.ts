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

/** What snappy-module.ts has to be for a module in the text format. */
export async function snappyModuleFile(wat: string): Promise<string> {
  const { parseWat } = await wabt();
  const parsed = parseWat("snappy.wat", wat, { simd: true });
  parsed.validate();
  return moduleFile("snappy", "scripts/build-wat.ts", "snappy.wat", parsed.toBinary({}).buffer);
}

/** The file that holds a module. */
export function moduleFile(name: string, script: string, source: string, binary: Uint8Array): string {
  const base64 = Buffer.from(binary).toString("base64");
  const lines = base64.match(new RegExp(`.{1,${lineLetters}}`, "g")) ?? [];
  return [
    `/** The WebAssembly module that ${script} makes of ${source}, as base64. */`,
    `export const ${name}Module =`,
    `${lines.map((line) => `  "${line}"`).join(" +\n")};\n`,
  ].join("\n");
}

if (import.meta.main) {
  writeFileSync(
    join(folder, "snappy-module.ts"),
    await snappyModuleFile(readFileSync(join(folder, "snappy.wat"), "utf8")),
  );
}
