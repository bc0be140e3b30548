/** The program through all its lives in one row, always at the same address, and the memory it took at most. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Program, type ProgramKind, startProgram } from "../support/program.ts";
import { freePort } from "../support/server-process.ts";

const lookMs = 500;

export class ProgramLives {
  current: Program;
  readonly url: string;
  /** Of all lives so far. */
  rssPeakBytes = 0;
  lives = 1;
  private readonly launch: () => Promise<Program>;
  private readonly over = new AbortController();
  private earlierLog = "";

  /** Starts it in `directory`. */
  static async start(
    kind: ProgramKind,
    directory: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<ProgramLives> {
    const address = `127.0.0.1:${await freePort()}`;
    const launch = () => startProgram(kind, { cwd: directory, args, env: { ...env, LISTEN_ADDR: address } });
    return new ProgramLives(await launch(), launch);
  }

  private constructor(program: Program, launch: () => Promise<Program>) {
    this.current = program;
    this.url = program.url;
    this.launch = launch;
    void this.watch();
  }

  log(): string {
    return this.earlierLog + this.current.log();
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }

  /** SIGKILL, and the same command again after `downMs`. */
  async killAndRestart(downMs: number): Promise<void> {
    await this.end("SIGKILL");
    await sleep(downMs);
    await this.restart();
  }

  /** SIGTERM, and the same command again at once. */
  async stopAndRestart(): Promise<void> {
    await this.endCleanly();
    await this.restart();
  }

  /** SIGTERM; it has to end with exit code 0. */
  async stop(): Promise<void> {
    await this.endCleanly();
    this.over.abort();
  }

  async kill(): Promise<void> {
    this.over.abort();
    await this.end("SIGKILL");
  }

  private async endCleanly(): Promise<void> {
    assert.equal(await this.end("SIGTERM"), 0, this.log().slice(-3_000));
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    await this.noteRss();
    this.current.signal(signal);
    return (await this.current.ended).code;
  }

  private async restart(): Promise<void> {
    this.earlierLog += this.current.log();
    this.current = await this.launch();
    this.lives++;
  }

  private async watch(): Promise<void> {
    for (; !this.over.signal.aborted; await sleep(lookMs)) await this.noteRss();
  }

  /** The kernel keeps each process' peak, so that nothing between two looks is missed. */
  private async noteRss(): Promise<void> {
    // A process that has just ended has no status any more.
    const status = await readFile(`/proc/${this.current.pid}/status`, "utf8").catch(() => "");
    const peakKiB = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
    this.rssPeakBytes = Math.max(this.rssPeakBytes, peakKiB * 1_024);
  }
}
