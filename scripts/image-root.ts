/**
 * `node scripts/image-root.ts FOLDER`: the whole file system of the container image, made of dist/ and of the libraries
 * that the executable names, as they are on this machine.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { interpreterOf } from "./elf.ts";

/** The user of the image; the Dockerfile names it too. */
const userId = 65532;
const name = "prometheus-remote-kinesis";

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error("say where to: node scripts/image-root.ts FOLDER");
  makeImageRoot(join(import.meta.dirname, "../dist"), folder);
}

/** Fills `folder` with what the image holds. Throws when a library is missing here. */
export function makeImageRoot(dist: string, folder: string): void {
  const executable = join(dist, name);
  for (const library of librariesOf(executable)) copyTo(folder, library, library, 0o755);
  copyTo(folder, executable, `/usr/local/bin/${name}`, 0o755);
  for (const file of ["THIRD-PARTY-LICENSES.txt", "sbom.cdx.json"]) {
    copyTo(folder, join(dist, file), `/usr/share/${name}/${file}`, 0o644);
  }
  // Names are looked up in the hosts file first, then by DNS, with glibc and with musl.
  writeText(folder, "/etc/nsswitch.conf", "hosts: files dns\n");
  writeText(
    folder,
    "/etc/passwd",
    `root:x:0:0:root:/:/none\nnonroot:x:${userId}:${userId}:${name}:/data:/none\n`,
  );
  writeText(folder, "/etc/group", `root:x:0:\nnonroot:x:${userId}:\n`);
  // Where a container's runtime mounts what the kernel tells; the C library reads /proc at the start.
  for (const path of ["proc", "sys", "dev"]) mkdirSync(join(folder, path), { recursive: true });
  for (const [path, mode] of [
    ["data", 0o750],
    ["tmp", 0o1777],
  ] as const) {
    mkdirSync(join(folder, path), { recursive: true });
    chmodSync(join(folder, path), mode);
  }
  chownSync(join(folder, "data"), userId, userId);
}

/** The loader and all libraries that it would load, by absolute paths: the loader itself is asked. */
function librariesOf(executable: string): readonly string[] {
  const loader = interpreterOf(readFileSync(executable));
  const { status, error, stdout, stderr } = spawnSync(loader, ["--list", executable], { encoding: "utf8" });
  if (error !== undefined || status !== 0) {
    throw new Error(`${loader} does not list the libraries of ${executable}: ${stderr}`, { cause: error });
  }
  return [...new Set([loader, ...listedLibraries(stdout)])];
}

/** The paths in what a loader lists, `libm.so.6 => /lib/libm.so.6 (0x7f…)`; what has no file stands for the kernel. */
export function listedLibraries(listed: string): readonly string[] {
  return listed.split("\n").flatMap((line) => {
    if (line.includes("not found"))
      throw new Error(`a library of the executable is not here: ${line.trim()}`);
    const path = /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1];
    return path === undefined ? [] : [path];
  });
}

function copyTo(folder: string, from: string, to: string, mode: number): void {
  const path = join(folder, to);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(from, path);
  chmodSync(path, mode);
}

function writeText(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text, { mode: 0o644 });
}
