import type { Log } from "../log.ts";
import type { WriteVersion } from "./negotiate.ts";

/** A sender can name itself anew with every request; past this it is not greeted any more. */
const greetedMax = 50;
const agentCharsMax = 100;

/** Tells the log when a kind of sender gets its first 2xx: that the samples arrive is the first thing to know. */
export class Senders {
  private readonly log: Log;
  private readonly greeted = new Set<string>();

  constructor(log: Log) {
    this.log = log;
  }

  /** After a 2xx to a request of `version` from `peer`, which calls itself `agent`. */
  served(agent: string | null, version: WriteVersion, peer: string | undefined): void {
    const sender = (agent ?? "unnamed").slice(0, agentCharsMax);
    const key = `${version} ${sender}`;
    if (this.greeted.has(key) || this.greeted.size >= greetedMax) return;
    this.greeted.add(key);
    this.log.info("first samples are durable", { sender, peer, remoteWrite: `${version}.0` });
  }
}
