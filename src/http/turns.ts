import { type Clock, within } from "../clock.ts";
import { OverloadedError } from "../errors.ts";

/** Work that took longer than this is followed by a pause of its own length: it leaves others half of the processor. */
const longWorkMs = 100;
const retryAfterMs = 2_000;

export interface TurnsOptions {
  /** Work that took longer, in ms, is followed by a pause. */
  readonly longWorkMs: number;
  /** How long that is: so many times as long as the work. */
  readonly pauseFactor: number;
}

interface Waiting {
  readonly begin: () => void;
}

/**
 * Large requests take turns: one at a time, the event loop between them, the addresses in rotation. Small ones need
 * none, and so pass between the large ones, whoever sends them.
 */
export class Turns {
  private readonly clock: Clock;
  private readonly options: TurnsOptions;
  /** Those who wait, by address; the address whose turn it is stands first. */
  private readonly waiting = new Map<string, Waiting[]>();
  private busy = false;

  constructor(clock: Clock, options: TurnsOptions = { longWorkMs, pauseFactor: 1 }) {
    this.clock = clock;
    this.options = options;
  }

  /**
   * Resolves when it is the turn of a request from `address`; the answer ends the turn. Rejects with OverloadedError
   * when it did not come within `timeoutMs`.
   */
  async begin(address: string | undefined, timeoutMs: number): Promise<() => void> {
    const turn = Promise.withResolvers<void>();
    const waiting = { begin: turn.resolve };
    this.add(address ?? "", waiting);
    this.next();
    await within(this.clock, timeoutMs, turn.promise, () => {
      if (!this.remove(address ?? "", waiting)) this.pause(0);
      throw new OverloadedError("Other large requests took too long", retryAfterMs);
    });
    const startedMs = this.clock.monotonicMs();
    return () => {
      const tookMs = this.clock.monotonicMs() - startedMs;
      this.pause(tookMs > this.options.longWorkMs ? tookMs * this.options.pauseFactor : 0);
    };
  }

  private pause(ms: number): void {
    this.clock.after(ms, () => {
      this.busy = false;
      this.next();
    });
  }

  private next(): void {
    const first = this.waiting.entries().next();
    if (this.busy || first.done) return;
    const [address, [waiting, ...rest]] = first.value;
    this.waiting.delete(address);
    if (rest.length > 0) this.waiting.set(address, rest);
    this.busy = true;
    waiting?.begin();
  }

  private add(address: string, waiting: Waiting): void {
    const others = this.waiting.get(address);
    if (others === undefined) this.waiting.set(address, [waiting]);
    else others.push(waiting);
  }

  /** Answers false where its turn had come. */
  private remove(address: string, waiting: Waiting): boolean {
    const all = this.waiting.get(address) ?? [];
    const others = all.filter((each) => each !== waiting);
    if (others.length > 0) this.waiting.set(address, others);
    else this.waiting.delete(address);
    return others.length < all.length;
  }
}
