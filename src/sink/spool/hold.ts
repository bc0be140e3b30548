/**
 * Only one process uses a spool. Each that wants it puts two files with a name of its own into the directory:
 * `holder-<hex>.json` says who it is and is written again every two seconds, `holder-<hex>.sock` is a socket that is
 * open as long as the process lives. Then it looks who else is there. Names are never used twice, so removing those of
 * the dead cannot hit the living, and of two that come at once at least one sees the other: the lesser name stays.
 */
import { type FileHandle, open, readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { pid } from "node:process";
import { type Clock, type Random, randomHex, sleep } from "../../clock.ts";
import { ConfigError } from "../../errors.ts";
import { fileFault, isFault } from "../file/fault.ts";
import { askHolder, type HolderState, openHolderSocket } from "./holder-socket.ts";

const beatMs = 2_000;
/** A holder whose socket cannot be asked from here is gone when it did not write its file for so long. */
const deadMs = 6_000;
/** How long to wait for the other of two that come at once. */
const claimWaitMs = 3_000;
const claimPollMs = 20;
const cardBytes = 512;

export interface HoldOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Hold {
  release(): Promise<void>;
}

interface Card {
  readonly pid: number;
  readonly host: string;
  /** Tells whether it runs under the same kernel: only then its socket can be asked. */
  readonly boot: string;
  readonly since: string;
  readonly beat: number;
}

/** Makes this process the only one that uses the directory. Throws ConfigError that names the one that does. */
export async function holdDirectory({ directory, clock, random }: HoldOptions): Promise<Hold> {
  const id = `${randomHex(random)}${randomHex(random)}`;
  const boot = await bootId();
  const since = new Date(clock.now()).toISOString();
  const socket = await openHolderSocket(socketPath(directory, id)).catch(() => undefined);
  const card = new HolderCard(
    join(directory, `holder-${id}.json`),
    { pid, host: hostname(), boot, since },
    clock,
  );
  const release = async () => {
    await card.remove();
    await socket?.close();
  };
  try {
    // On a full disk the socket has to do.
    await card.begin().catch((error: unknown) => {
      if (socket === undefined) throw error;
    });
    await outlast({ directory, clock, id, boot });
  } catch (error) {
    await release();
    throw error;
  }
  if (socket !== undefined) socket.state = "holding";
  return { release };
}

/** The file that says who holds the directory, and that it still does. */
class HolderCard {
  readonly #path: string;
  readonly #who: Omit<Card, "beat">;
  readonly #clock: Clock;
  #file: FileHandle | undefined;
  #beat = 0;
  #writing: Promise<void> = Promise.resolve();
  #cancel: () => void = () => undefined;

  constructor(path: string, who: Omit<Card, "beat">, clock: Clock) {
    this.#path = path;
    this.#who = who;
    this.#clock = clock;
  }

  async begin(): Promise<void> {
    this.#file = await open(this.#path, "wx").catch((error: unknown) => {
      throw fileFault("create", this.#path, error);
    });
    this.#beatLater();
    await this.#write();
  }

  async remove(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#cancel();
    await this.#writing;
    if (file === undefined) return;
    await file.close();
    await rm(this.#path, { force: true });
  }

  #beatLater(): void {
    this.#cancel = this.#clock.after(beatMs, () => {
      // A disk that does not take it now may take the next one; the socket tells the same.
      this.#writing = this.#write().catch(() => undefined);
      if (this.#file !== undefined) this.#beatLater();
    });
  }

  async #write(): Promise<void> {
    this.#beat++;
    const text = JSON.stringify({ ...this.#who, beat: this.#beat });
    // Always of one length, so that it never ends in a rest of what was there.
    await this.#file?.write(`${text.padEnd(cardBytes - 1)}\n`, 0);
  }
}

interface Claim {
  readonly directory: string;
  readonly clock: Clock;
  readonly id: string;
  readonly boot: string;
}

/** Resolves when nobody else is there. */
async function outlast({ directory, clock, id, boot }: Claim): Promise<void> {
  for (const other of await holdersIn(directory)) {
    if (other === id) continue;
    const deadlineMs = clock.monotonicMs() + claimWaitMs;
    for (;;) {
      const state = await stateOf(directory, other, boot, clock);
      if (state === undefined) break;
      // Two that come at once: the greater name goes, the lesser one waits for that.
      const isToGo = state === "claiming" && id < other && clock.monotonicMs() < deadlineMs;
      if (!isToGo) throw heldBy(directory, await readCard(directory, other));
      await sleep(clock, claimPollMs);
    }
    await rm(socketPath(directory, other), { force: true });
    await rm(join(directory, `holder-${other}.json`), { force: true });
  }
}

async function stateOf(
  directory: string,
  other: string,
  boot: string,
  clock: Clock,
): Promise<HolderState | undefined> {
  const state = await askHolder(socketPath(directory, other), clock).catch(() => "silent" as const);
  if (state !== undefined && state !== "silent") return state;
  const before = await readCard(directory, other);
  if (before === undefined) return undefined;
  // Under the same kernel a socket at which nobody listens has no process any more.
  if (state === undefined && before.boot === boot && boot !== "" && (await hasSocket(directory, other)))
    return undefined;
  const deadlineMs = clock.monotonicMs() + deadMs;
  while (clock.monotonicMs() < deadlineMs) {
    await sleep(clock, beatMs / 4);
    const now = await readCard(directory, other);
    if (now === undefined) return undefined;
    if (now.beat !== before.beat) return "holding";
  }
  return undefined;
}

async function hasSocket(directory: string, id: string): Promise<boolean> {
  return (await readdir(directory)).includes(`holder-${id}.sock`);
}

async function holdersIn(directory: string): Promise<readonly string[]> {
  const ids = (await readdir(directory)).map(
    (name) => /^holder-([0-9a-f]{16})\.(json|sock)$/.exec(name)?.[1],
  );
  return [...new Set(ids)].filter((id) => id !== undefined);
}

async function readCard(directory: string, id: string): Promise<Card | undefined> {
  const path = join(directory, `holder-${id}.json`);
  try {
    return JSON.parse(await readFile(path, "utf8")) as Card;
  } catch (error) {
    const fault = fileFault("read", path, error);
    // Gone, or torn when its machine lost power. One that may not be read is somebody's.
    if (error instanceof SyntaxError || isFault(fault, "ENOENT")) return undefined;
    throw fault;
  }
}

/** The process that holds the directory, in words; undefined: none does. Changes nothing, and may take seconds. */
export async function holderOf(directory: string, clock: Clock): Promise<string | undefined> {
  const boot = await bootId();
  for (const id of await holdersIn(directory)) {
    const card = await readCard(directory, id);
    if ((await stateOf(directory, id, boot, clock)) !== undefined) return wordsFor(card);
  }
  return undefined;
}

function wordsFor(card: Card | undefined): string {
  if (card === undefined) return "another process";
  return `process ${card.pid} on host ${card.host}, since ${card.since},`;
}

function heldBy(directory: string, card: Card | undefined): ConfigError {
  const who = wordsFor(card);
  const advice = "stop it, or choose another --spool-dir";
  return new ConfigError(1, `cannot use the spool in ${directory}: ${who} holds it; ${advice}`);
}

function socketPath(directory: string, id: string): string {
  return join(directory, `holder-${id}.sock`);
}

/** Names this run of the kernel, and is the same in all its containers; the host's name where Linux does not run. */
async function bootId(): Promise<string> {
  try {
    return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  } catch {
    return hostname();
  }
}
