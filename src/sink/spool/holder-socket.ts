/**
 * A socket that is open as long as its process lives: the kernel closes it with the process, also after kill -9, and
 * it is seen through the directory from every container that mounts it, whatever their process ids are.
 */
import { rm, symlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { type Clock, within } from "../../clock.ts";

/** Addresses of Unix sockets have room for 108 bytes on Linux and 104 on macOS. */
const addressBytesMax = 100;
/** A process that does not say anything for so long is busy, and alive. */
const answerMs = 500;

export type HolderState = "claiming" | "holding";

export interface HolderSocket {
  /** What those who ask are told. */
  state: HolderState;
  close(): Promise<void>;
}

/** Listens on a new socket at `path`. Rejects where the file system has no sockets. */
export async function openHolderSocket(path: string): Promise<HolderSocket> {
  const holder = { state: "claiming" as HolderState };
  const server = createServer((socket) => {
    // Who asks may be gone before the answer is.
    socket.on("error", () => socket.destroy());
    socket.end(`${holder.state}\n`);
  });
  server.unref();
  await throughShortPath(path, (address) => listen(server, address));
  return Object.assign(holder, {
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await rm(path, { force: true });
    },
  });
}

/** What those who ask a kernel get when nobody listens at the path. */
const gone = ["ECONNREFUSED", "ENOENT"];

/**
 * What the process behind the socket says; undefined: there is none any more. A busy one counts as holding. Rejects
 * where it cannot be asked, as when it belongs to another user: that tells nothing of whether it lives.
 */
export async function askHolder(path: string, clock: Clock): Promise<HolderState | undefined> {
  return throughShortPath(path, async (address) => {
    const answered = Promise.withResolvers<HolderState | undefined>();
    const socket = connect(address);
    let text = "";
    let connected = false;
    socket.setEncoding("utf8");
    socket.on("connect", () => {
      connected = true;
    });
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    socket.on("close", () =>
      answered.resolve(text === "claiming\n" ? "claiming" : connected ? "holding" : undefined),
    );
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (connected) answered.resolve("holding");
      else if (gone.includes(error.code ?? "")) answered.resolve(undefined);
      else answered.reject(error);
    });
    try {
      return await within(clock, answerMs, answered.promise, () => "holding" as const);
    } finally {
      socket.destroy();
    }
  });
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => {
      server.off("error", reject);
      // A connection that fails is the other side's concern.
      server.on("error", () => undefined);
      resolve();
    });
  });
}

/** Long paths are reached through a symbolic link that is there for a moment. */
async function throughShortPath<T>(path: string, use: (address: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(path) <= addressBytesMax) return use(path);
  const link = join(
    tmpdir(),
    `prk-${basename(path).replace(/\.\w+$/, "")}-${crypto.randomUUID().slice(0, 8)}`,
  );
  await symlink(dirname(path), link);
  try {
    return await use(join(link, basename(path)));
  } finally {
    await rm(link, { force: true });
  }
}
