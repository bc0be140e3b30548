/** The generated codecs are what `npm run generate` makes of the .proto files as they stand. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
const binaries = join(root, "node_modules", ".bin");

test("the generated codecs belong to the .proto files as they stand", { skip: missingBuf() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "prk-generate-"));
  try {
    const run = buf("generate", "--output", folder);
    assert.equal(run.status, 0, run.stderr);
    const fresh = join(folder, "src", "remote", "gen");
    const kept = join(root, "src", "remote", "gen");
    assert.deepEqual(filesOf(kept), filesOf(fresh));
    for (const file of filesOf(fresh)) {
      const message = `${file} is not what npm run generate makes`;
      assert.equal(readFileSync(join(kept, file), "utf8"), readFileSync(join(fresh, file), "utf8"), message);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function buf(...args: string[]): { status: number | null; stderr: string } {
  const path = `${binaries}${delimiter}${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, PATH: path };
  return spawnSync(join(binaries, "buf"), args, { cwd: root, env, encoding: "utf8" });
}

/** Why the comparison cannot run here, or false. */
function missingBuf(): string | false {
  if (!existsSync(join(binaries, "buf"))) return "buf is not installed: run npm ci";
  return buf("--version").status === 0 ? false : "buf has no binary for this platform";
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort();
}
