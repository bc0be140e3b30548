import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { WriteVersion } from "./negotiate.ts";

/** A sender can name itself anew with every request; past this it is not greeted any more. */
const greetedMax = 50;
const greetedAgentCharsMax = 100;
/** Senders that are remembered, and how much of what they say of themselves. */
const sendersMax = 50;
const agentCharsMax = 200;

/** One that sends, told apart by its address, what it calls itself and the protocol's version. */
export interface Sender {
  readonly address: string | undefined;
  /** Its User-Agent, whatever it says. */
  readonly agent: string | undefined;
  /** Of remote write; undefined: its requests did not say one that there is. */
  readonly version: WriteVersion | undefined;
  /** In ms since the epoch. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly requests: number;
  /** Samples and histograms of it that became durable. */
  readonly written: number;
  /** The last answer's. */
  readonly status: number;
}

/** A request as it was answered. */
export type Answered = Pick<Sender, "address" | "version" | "written" | "status"> & {
  readonly agent: string | null;
};

/** Knows who sends, and tells the log when a kind of sender gets its first 2xx: the first thing to know. */
export class Senders {
  private readonly log: Log;
  private readonly clock: Pick<Clock, "now">;
  private readonly greeted = new Set<string>();
  /** The one that came last stands last. */
  private readonly seen = new Map<string, { -readonly [K in keyof Sender]: Sender[K] }>();

  constructor({ log, clock }: { readonly log: Log; readonly clock: Pick<Clock, "now"> }) {
    this.log = log;
    this.clock = clock;
  }

  /** After a 2xx to a request of `version` from `peer`, which calls itself `agent`. */
  served(agent: string | null, version: WriteVersion, peer: string | undefined): void {
    const sender = (agent ?? "unnamed").slice(0, greetedAgentCharsMax);
    const key = `${version} ${sender}`;
    if (this.greeted.has(key) || this.greeted.size >= greetedMax) return;
    this.greeted.add(key);
    this.log.info("first samples are durable", { sender, peer, remoteWrite: `${version}.0` });
  }

  /** After each request. */
  answered({ address, agent, version, written, status }: Answered): void {
    const said = agent?.slice(0, agentCharsMax);
    const key = `${version} ${address} ${said}`;
    const lastSeenMs = this.clock.now();
    let sender = this.seen.get(key);
    if (sender === undefined) {
      this.makeRoom();
      sender = {
        ...{ address, agent: said, version, firstSeenMs: lastSeenMs, lastSeenMs, status },
        ...{ requests: 0, written: 0 },
      };
    } else this.seen.delete(key);
    this.seen.set(key, sender);
    sender.lastSeenMs = lastSeenMs;
    sender.status = status;
    sender.requests++;
    sender.written += written;
  }

  /** The one that came last first. */
  list(): readonly Sender[] {
    return [...this.seen.values()].reverse();
  }

  /** The one that was silent for the longest time goes; before it, those of whom nothing ever became durable. */
  private makeRoom(): void {
    if (this.seen.size < sendersMax) return;
    let [oldest] = this.seen.keys();
    for (const [key, { written }] of this.seen) {
      if (written > 0) continue;
      oldest = key;
      break;
    }
    if (oldest !== undefined) this.seen.delete(oldest);
  }
}
