/** A file system of a few megabytes that can be filled up and emptied again; only root can mount one. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Why there can be none here; undefined: there can. */
export const reasonForNoSmallDisk: string | undefined =
  process.platform !== "linux"
    ? "needs Linux, to mount a small file system"
    : process.getuid?.() === 0
      ? undefined
      : "needs root, to mount a small file system";

export interface SmallDisk {
  /** Leaves not one free byte. */
  fill(): void;
  /** Frees what `fill` took. */
  free(): void;
}

/** Mounts it at `directory`, hands it to `use` and takes it away. */
export async function withSmallDisk<T>(
  directory: string,
  bytes: number,
  use: (disk: SmallDisk) => Promise<T>,
): Promise<T> {
  mkdirSync(directory, { recursive: true });
  run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", directory);
  const filler = join(directory, "filler");
  try {
    return await use({ fill: () => fill(filler), free: () => rmSync(filler, { force: true }) });
  } finally {
    run("umount", "--lazy", directory);
  }
}

function fill(path: string): void {
  const file = openSync(path, "a");
  try {
    for (const size of [65_536, 4_096, 1]) while (writes(file, size));
  } finally {
    closeSync(file);
  }
}

function writes(file: number, size: number): boolean {
  try {
    writeSync(file, Buffer.alloc(size));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
}
