/** A directory of ours: whether it can be written and fsynced, how much room there is, and who uses it. */
import { type Clock, type Random, randomHex } from "../clock.ts";
import { faultMessage, isFault, withFaults } from "../sink/file/fault.ts";
import { probeName } from "../sink/file/name.ts";
import { spaceAt } from "../sink/file/space.ts";
import { type Files, systemFiles } from "../sink/file/system.ts";
import { holderOf } from "../sink/spool/hold.ts";
import { failed, ok, type Step, type Steps, warning } from "./step.ts";

export interface DirectoryOptions {
  /** The step's name: `archive`, `spool`, `quarantine`. */
  readonly name: string;
  /** How the user named it: `--spool-dir`. */
  readonly flag: string;
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Bytes that it may grow to, when there is a bound. */
  readonly bytesMax?: number;
  readonly files?: Files;
}

/** Below this there is no use in starting. */
const freeBytesMin = 64 * 1024 * 1024;
const freeBytesNoticed = 1024 * 1024 * 1024;
const probeBytes = 4_096;
/** Each batch waits for one fsync: beyond this they are what decides how much is taken in. */
const fsyncNoticedMs = 500;

/** Writes a small file, fsyncs and removes it; nothing is created where there is no directory yet. */
export async function* checkDirectory(options: DirectoryOptions): Steps {
  const { name, flag, path, files = systemFiles } = options;
  const faulty = withFaults(files);
  let place: string;
  let fsyncMs: number;
  try {
    place = await nearestDirectory(faulty, path);
    fsyncMs = await probe(faulty, place, options);
  } catch (error) {
    yield failed(name, faultMessage(error), `let this user write there, or choose another ${flag}`);
    return;
  }
  const what =
    place === path ? `${path} can be written` : `${path} is to be created, ${place} can be written`;
  const message = `${what}, fsync takes ${fsyncMs.toFixed(1)} ms`;
  if (fsyncMs > fsyncNoticedMs) yield warning(name, message, "a faster disk: every batch waits for an fsync");
  else yield ok(name, message);
  yield await spaceStep(options, faulty, place);
}

/** Says which process holds the directory. */
export async function holderStep({
  name,
  path,
  clock,
  files = systemFiles,
}: DirectoryOptions): Promise<Step> {
  const step = `${name} lock`;
  try {
    await withFaults(files).status(path);
    const holder = await holderOf(path, clock);
    if (holder === undefined) return ok(step, "nobody holds it");
    return ok(step, `${holder} holds it: that one runs, and no second one starts on this directory`);
  } catch (error) {
    if (isFault(error, "ENOENT")) return ok(step, "nobody holds it");
    const message = `cannot tell who holds it: ${faultMessage(error)}`;
    return warning(step, message, "run the check as the user that runs the program");
  }
}

/** The directory itself, or the nearest above it that is there. */
async function nearestDirectory(files: Files, path: string): Promise<string> {
  for (let place = path; ; place = above(place)) {
    try {
      const { isDirectory } = await files.status(place);
      // A file at this place: what it says is what creating something in it says.
      if (isDirectory || above(place) === place) return place;
      await files.list(place);
      return place;
    } catch (error) {
      if (!isFault(error, "ENOENT") || above(place) === place) throw error;
    }
  }
}

function above(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  if (slash > 0) return trimmed.slice(0, slash);
  return slash === 0 || path.startsWith("/") ? "/" : ".";
}

/** Milliseconds of an fsync. */
async function probe(files: Files, place: string, { clock, random }: DirectoryOptions): Promise<number> {
  const path = `${place.replace(/\/+$/, "")}/${probeName(randomHex(random))}`;
  const file = await files.create(path);
  try {
    await file.write(new Uint8Array(probeBytes), 0);
    const startMs = clock.monotonicMs();
    await file.sync();
    return clock.monotonicMs() - startMs;
  } finally {
    await file.close();
    await files.remove(path);
  }
}

async function spaceStep(options: DirectoryOptions, files: Files, place: string): Promise<Step> {
  const { name, path, flag, bytesMax } = options;
  const step = `${name} space`;
  const space = await spaceAt(place);
  if (space === undefined)
    return warning(step, "the file system does not tell its room", "look at it yourself");
  const free = `${sizeText(space.freeBytes)} of ${sizeText(space.totalBytes)} free`;
  const toFree = `free some space, or put ${flag} on a larger disk`;
  if (space.freeBytes < freeBytesMin) return failed(step, free, toFree);
  if (bytesMax !== undefined) {
    const usedBytes = place === path ? await bytesIn(files, path) : 0;
    const message = `${free}; ${sizeText(usedBytes)} used of ${sizeText(bytesMax)} that it may have`;
    if (space.freeBytes < bytesMax - usedBytes)
      return warning(step, `${message}: the disk is full before that`, `lower --spool-bytes, or ${toFree}`);
    return ok(step, message);
  }
  return space.freeBytes < freeBytesNoticed ? warning(step, free, toFree) : ok(step, free);
}

async function bytesIn(files: Files, path: string): Promise<number> {
  let sum = 0;
  for (const name of await files.list(path)) {
    try {
      sum += (await files.status(`${path}/${name}`)).bytes;
    } catch (error) {
      // A spool in use removes what is shipped.
      if (!isFault(error, "ENOENT")) throw error;
    }
  }
  return sum;
}

/** `8.0 GiB`, `512 MiB`. */
export function sizeText(bytes: number): string {
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.max(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 1), units.length);
  const size = bytes / 1024 ** power;
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[power - 1]}`;
}
