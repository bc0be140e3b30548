/**
 * `bun scripts/build-wasm.ts`: makes src/quick/quick-module.ts of the AssemblyScript beside it, after that was changed.
 * The result is committed, so that the source runs as it is; test/quick/quick-module.test.ts proves that it is up to
 * date. https://www.assemblyscript.org
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as knownSeries from "../src/model/known-series.ts";
import * as layout from "../src/quick/quick-layout.ts";
import * as knownBytes from "../src/wire/known-bytes.ts";
import { moduleFile } from "./build-wat.ts";

const folder = join(import.meta.dirname, "../src/quick");

/** The numbers of the files that say where things stand, as AssemblyScript; indexes of words as offsets in bytes. */
function layoutSource(): string {
  const constants: string[] = [];
  const add = (name: string, value: unknown) => {
    if (typeof value === "number") constants.push(`export const ${name}: i32 = ${value};`);
  };
  for (const [name, value] of Object.entries(layout)) add(name, value);
  for (const [name, value] of Object.entries(knownBytes)) add(name, value);
  for (const [name, value] of Object.entries(knownSeries)) {
    if (name.endsWith("At")) add(name.replace(/At$/, "In"), (value as number) * 4);
  }
  return constants.join("\n");
}

/** Of the compiler, what is used here: its own types declare globals of AssemblyScript. */
interface Compiler {
  main(
    args: readonly string[],
    files: {
      readFile(name: string): string | null;
      writeFile(name: string, contents: Uint8Array): void;
      listFiles(): readonly string[];
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}
const compilerName: string = "assemblyscript/asc";

/** What quick-module.ts has to be. */
export async function quickModuleFile(): Promise<string> {
  const { default: asc } = (await import(compilerName)) as { readonly default: Compiler };
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      "quick.ts",
      ...["--outFile", "quick.wasm", "--runtime", "stub", "--noAssert", "-O3"],
      ...["--importMemory", "--memoryBase", String(layout.dataAt), "--enable", "simd", "--use", "abort="],
    ],
    {
      readFile: (name) => (name === "layout.ts" ? layoutSource() : readSource(name)),
      writeFile: (name, contents) => {
        if (name === "quick.wasm") binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined)
    throw new Error(`cannot compile quick.as:\n${stderr.toString()}`);
  return moduleFile("quick", "scripts/build-wasm.ts", "quick.as", binary);
}

/** The compiler wants names that end in .ts, which other tools would take for TypeScript. */
function readSource(name: string): string | null {
  try {
    return readFileSync(join(folder, name.replace(/\.ts$/, ".as")), "utf8");
  } catch {
    return null;
  }
}

if (import.meta.main) writeFileSync(join(folder, "quick-module.ts"), await quickModuleFile());
