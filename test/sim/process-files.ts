/** A disk as one process sees it: calls take time, fail as the weather says, and never end once the process is dead. */
import { sleep } from "../../src/clock.ts";
import type { Files, OpenFile } from "../../src/sink/file/system.ts";
import { fault } from "../support/crashing-files.ts";
import type { Chance } from "./chance.ts";
import type { ProcessClock } from "./process-clock.ts";

export interface DiskWeather {
  /** Nothing more fits. */
  readonly isFull: boolean;
  /** How likely a call fails with EIO, writes fewer bytes than asked, or takes long. */
  readonly fails: number;
  readonly cutsShort: number;
  readonly isSlow: number;
}

export const calmDisk: DiskWeather = { isFull: false, fails: 0, cutsShort: 0, isSlow: 0 };

export interface ProcessFilesOptions {
  readonly disk: Files;
  readonly inside: ProcessClock;
  readonly chance: Chance;
  readonly weather: () => DiskWeather;
  readonly note: (what: string) => void;
}

type Call = <T>(kind: "take" | "sync" | "other", run: () => Promise<T>) => Promise<T>;

export function processFiles(options: ProcessFilesOptions): Files {
  const { disk, inside, chance, weather, note } = options;
  const call: Call = async (kind, run) => {
    if (inside.isDead) return await never();
    const { isFull, fails, isSlow } = weather();
    if (kind === "sync" && chance.happens(0.5)) await sleep(inside, chance.int(1, 12));
    if (isSlow > 0 && chance.happens(isSlow)) {
      note("disk slow");
      await sleep(inside, chance.int(100, 20_000));
    }
    if (isFull && kind === "take") {
      note("disk full");
      throw fault("ENOSPC");
    }
    if (fails > 0 && chance.happens(fails)) {
      note("disk fails");
      throw fault("EIO");
    }
    try {
      return await run();
    } finally {
      if (inside.isDead) await never();
    }
  };
  const opened = (file: OpenFile): OpenFile => ({
    write: (bytes, position) =>
      call("take", () => {
        const isShort = bytes.length > 1 && chance.happens(weather().cutsShort);
        return file.write(isShort ? bytes.subarray(0, chance.int(1, bytes.length - 1)) : bytes, position);
      }),
    read: (bytes, position) => call("other", () => file.read(bytes, position)),
    datasync: () => call("sync", () => file.datasync()),
    sync: () => call("sync", () => file.sync()),
    truncate: (lengthBytes) => call("other", () => file.truncate(lengthBytes)),
    status: () => call("other", () => file.status()),
    close: () => call("other", () => file.close()),
  });
  return {
    create: (path) => call("take", async () => opened(await disk.create(path))),
    open: (path) => call("other", async () => opened(await disk.open(path))),
    openToWrite: (path) => call("other", async () => opened(await disk.openToWrite(path))),
    // A full disk still says that a directory is there.
    makeDirectory: (path) => call("other", () => disk.makeDirectory(path)),
    list: (path) => call("other", () => disk.list(path)),
    rename: (from, to) => call("other", () => disk.rename(from, to)),
    status: (path) => call("other", () => disk.status(path)),
    remove: (path) => call("other", () => disk.remove(path)),
  };
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
