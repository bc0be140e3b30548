/** Finishes files in the background, one after the other, and keeps what failed for another try. */
import type { Log } from "../../log.ts";
import { faultMessage } from "./fault.ts";

export interface FinishJob {
  /** For the log. */
  readonly path: string;
  /** May be called again after it rejected. */
  run(): Promise<void>;
}

export class FileFinisher {
  readonly #log: Log;
  #waiting: FinishJob[] = [];
  #failed: FinishJob[] = [];
  #running: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Starts on the job as soon as those before it are done. */
  add(job: FinishJob): void {
    this.#waiting.push(job);
    this.#running ??= this.#runAll();
  }

  /** Gives every job that failed another try. */
  retryFailed(): void {
    const failed = this.#failed;
    this.#failed = [];
    for (const job of failed) this.add(job);
  }

  /** Resolves when no job waits or runs. Jobs that failed stay where they are. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #runAll(): Promise<void> {
    // One at a time: compression must leave the processor to the requests on a small host.
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      try {
        await job.run();
      } catch (error) {
        this.#failed.push(job);
        this.#log.error("cannot finish a file of the archive; nothing in it is lost, another try follows", {
          path: job.path,
          error: faultMessage(error),
        });
      }
    }
    this.#running = undefined;
  }
}
