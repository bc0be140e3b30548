/** `npm run release`: an executable for each machine, and the files that say what is in them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { interpreterOf, machineOf } from "../../scripts/elf.ts";
import type { Sbom } from "../../scripts/sbom.ts";

const root = join(import.meta.dirname, "../..");
const name = "prometheus-remote-kinesis";
/** Machine and loader of each executable for Linux. */
const linux = {
  "linux-x64": ["x64", "/lib64/ld-linux-x86-64.so.2"],
  "linux-x64-musl": ["x64", "/lib/ld-musl-x86_64.so.1"],
  "linux-arm64": ["arm64", "/lib/ld-linux-aarch64.so.1"],
  "linux-arm64-musl": ["arm64", "/lib/ld-musl-aarch64.so.1"],
} as const;
const machO64 = 0xfeedfacf;
const arm64OfMachO = 0x0100000c;

function build(...options: readonly string[]): void {
  const args = [join(root, "scripts/build.ts"), "--commit", "abc1234", ...options];
  const { status, stderr } = spawnSync(join(root, "node_modules/.bin/bun"), args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

function withRelease(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "prk-release-"));
  try {
    build("--all", "--outdir", folder);
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the release has an executable for each machine, checksums that hold, and the commit in --version", () => {
  withRelease((folder) => {
    const executables = [...Object.keys(linux), "darwin-arm64"].map((target) => `${name}-${target}`);
    const others = ["SHA256SUMS", "THIRD-PARTY-LICENSES.txt", "sbom.cdx.json"];
    assert.deepEqual(new Set(readdirSync(folder)), new Set([...executables, ...others]));

    for (const [target, expected] of Object.entries(linux)) {
      const bytes = readFileSync(join(folder, `${name}-${target}`));
      assert.deepEqual([machineOf(bytes), interpreterOf(bytes)], expected, target);
    }
    const mac = readFileSync(join(folder, `${name}-darwin-arm64`));
    assert.deepEqual([mac.readUInt32LE(0), mac.readUInt32LE(4)], [machO64, arm64OfMachO]);

    const check = spawnSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(check.status, 0, check.stdout + check.stderr);
    assert.equal(check.stdout.trim().split("\n").length, executables.length + 2);

    const own = join(folder, `${name}-linux-${process.arch}`);
    const { stdout } = spawnSync(own, ["--version"], { encoding: "utf8" });
    assert.match(stdout, /^prometheus-remote-kinesis \d+\.\d+\.\d+\+abc1234 \(bun /);

    // The file's name goes into it.
    const again = join(folder, "again", `${name}-linux-x64-musl`);
    build("--target", "linux-x64-musl", "--outfile", again);
    assert.ok(
      readFileSync(again).equals(readFileSync(join(folder, `${name}-linux-x64-musl`))),
      "not reproducible",
    );

    const licences = readFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), "utf8");
    const sbom = JSON.parse(readFileSync(join(folder, "sbom.cdx.json"), "utf8")) as Sbom;
    const inside = sbom.components.filter(({ scope, type }) => scope === "required" && type === "library");
    assert.ok(inside.length > 20, `${inside.length}`);
    for (const each of inside) assert.ok(licences.includes(`\n${each.name} ${each.version} (`), each.name);
    assert.equal(sbom.components.filter(({ type }) => type === "platform").length, executables.length);
  });
});

test("build tells its options when it is asked, and when it is given a wrong one", () => {
  const run = (...args: readonly string[]) =>
    spawnSync(join(root, "node_modules/.bin/bun"), [join(root, "scripts/build.ts"), ...args], {
      encoding: "utf8",
    });
  const asked = run("--all", "--help");
  assert.deepEqual([asked.status, asked.stderr], [0, ""]);
  assert.match(asked.stdout, /--target NAME .*linux-arm64-musl/);
  const wrong = run("--nope");
  assert.deepEqual([wrong.status, wrong.stdout], [2, ""]);
  assert.match(wrong.stderr, /^Unknown option '--nope'.*\n\nnpm run build/);
});
