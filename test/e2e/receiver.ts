/** Our program as the receiver of real senders, through all its lives at one address. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, startServer } from "../support/server-process.ts";
import { type Archive, readArchive } from "./archive.ts";

export interface ReceiverOptions {
  readonly name: string;
  /** Its flags; `folder` is its own. */
  readonly args: (folder: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly archive: (folder: string) => Archive;
  /** Resolves when all that was acked is in the sink; not set: it is there at once. */
  readonly settled?: (url: string) => Promise<void>;
}

export interface ReceiverEnd {
  readonly archive: Archive;
  readonly metrics: string;
  readonly exitCode: number | string;
  readonly receiverLog: string;
}

export interface Receiver {
  readonly name: string;
  readonly url: string;
  /** SIGKILL, and the same command again after `downMs`. */
  restartAfterKill(downMs: number): Promise<void>;
  kill(): Promise<void>;
  /** SIGTERM; then what it leaves. */
  finish(): Promise<ReceiverEnd>;
}

export const fileReceiver: ReceiverOptions = {
  name: "file",
  // Several files, so that rotation and compression happen meanwhile.
  args: (folder) => ["--sink", `file:${folder}`, "--rotate-age", "5s"],
  archive: readArchive,
};

/** Starts it and waits until it is ready. */
export async function startReceiver(options: ReceiverOptions, folder: string): Promise<Receiver> {
  const { name, args, env = {}, archive, settled } = options;
  mkdirSync(folder, { recursive: true });
  const root = join(import.meta.dirname, "../..");
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const common = ["--listen-addr", address, "--linger", "50ms", "--log-level", "debug"];
  const start = () =>
    startServer({
      command: [
        join(root, "node_modules/.bin/bun"),
        join(root, "src/main.ts"),
        ...common,
        ...["--quarantine-dir", join(folder, "quarantine")],
        ...args(folder),
      ],
      url,
      readyPath: "/-/healthy",
      env,
    });
  let receiver = await start();
  let log = "";
  return {
    name,
    url,
    async restartAfterKill(downMs) {
      await receiver.kill();
      log += receiver.log();
      await sleep(downMs);
      receiver = await start();
    },
    kill: () => receiver.kill(),
    async finish() {
      await settled?.(url);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      const exitCode = await receiver.stop();
      return { archive: archive(folder), metrics, exitCode, receiverLog: log + receiver.log() };
    },
  };
}
