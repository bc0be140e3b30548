/** The machines that executables are built for, and the Bun runtime of each as package-lock.json pins it. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface Target {
  /** What the executable's file name ends in. */
  readonly name: string;
  /** As `bun build --target` wants it. */
  readonly bunTarget: string;
  /** The npm package that holds the runtime. */
  readonly runtimePackage: string;
}

/**
 * No "baseline" for x64: of Bun 1.4.5 it is the same file as the ordinary one, byte by byte, and that runs on a
 * processor without AVX (seen with QEMU's Nehalem, 2026-11-23).
 */
export const targets: readonly Target[] = [
  { name: "linux-x64", bunTarget: "bun-linux-x64", runtimePackage: "@oven/bun-linux-x64" },
  { name: "linux-x64-musl", bunTarget: "bun-linux-x64-musl", runtimePackage: "@oven/bun-linux-x64-musl" },
  { name: "linux-arm64", bunTarget: "bun-linux-arm64", runtimePackage: "@oven/bun-linux-aarch64" },
  {
    name: "linux-arm64-musl",
    bunTarget: "bun-linux-arm64-musl",
    runtimePackage: "@oven/bun-linux-aarch64-musl",
  },
  { name: "darwin-arm64", bunTarget: "bun-darwin-arm64", runtimePackage: "@oven/bun-darwin-aarch64" },
];

export interface LockedPackage {
  readonly version: string;
  /** Subresource integrity of the package's tarball: `sha512-` and base64. */
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: true;
  readonly optional?: true;
  readonly devOptional?: true;
}

/** The packages of package-lock.json by their folder, `node_modules/hono`. */
export function readLock(root: string): Readonly<Record<string, LockedPackage>> {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return lock.packages;
}

/** What package-lock.json says of a target's runtime. */
export function lockedRuntime(root: string, { runtimePackage }: Target): LockedPackage {
  const locked = readLock(root)[`node_modules/${runtimePackage}`];
  if (locked?.integrity === undefined) {
    throw new Error(
      `package-lock.json has no ${runtimePackage} with a hash: bun, a dev dependency, brings it`,
    );
  }
  return locked;
}

/**
 * The path of a target's Bun, fetched by npm into $PRK_CACHE or node_modules/.cache unless it is there. Throws when it
 * is not what package-lock.json pins: `bun build` by itself would take what it is given.
 */
export function fetchRuntime(root: string, target: Target): string {
  const { version, integrity = "" } = lockedRuntime(root, target);
  const cache = join(process.env["PRK_CACHE"] ?? join(root, "node_modules/.cache"), "bun-runtimes");
  const folder = join(cache, `${target.name}-${version}-${integrityHex(integrity).slice(0, 12)}`);
  const runtime = join(folder, "package/bin/bun");
  if (existsSync(runtime)) return runtime;
  mkdirSync(cache, { recursive: true });
  const partial = mkdtempSync(join(cache, "partial-"));
  try {
    const spec = `${target.runtimePackage}@${version}`;
    const file = run("npm", ["pack", "--silent", spec], partial).trim().split("\n").at(-1) ?? "";
    const tarball = join(partial, file);
    assertIntegrity(readFileSync(tarball), integrity, spec);
    run("tar", ["-xzf", tarball], partial);
    rmSync(tarball);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return runtime;
}

/** Throws unless `bytes` have the hash that `integrity` gives in base64. */
export function assertIntegrity(bytes: Uint8Array, integrity: string, what: string): void {
  const found = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (found !== integrity) {
    throw new Error(`${what} is not what package-lock.json pins: its hash is ${found}, not ${integrity}`);
  }
}

/** The hash of an integrity text in hex, as an SBOM has it. */
export function integrityHex(integrity: string): string {
  return Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex");
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw new Error(`cannot run ${command}: install it`, { cause: error });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}
