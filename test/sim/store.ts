import type { SimRequest } from "./payload.ts";

interface Copies {
  /** Stored, and the receiver was told so. */
  confirmed: number;
  /** Stored, and the receiver does not know. */
  unconfirmed: number;
}

/** What the service keeps, line by line, and which requests there are. */
export class Store {
  private readonly requestOf = new Map<string, SimRequest>();
  private readonly copies = new Map<string, Copies>();
  private readonly unconfirmed = new Map<symbol, readonly string[]>();
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  private readonly violate: (what: string) => void;

  constructor(violate: (what: string) => void) {
    this.violate = violate;
  }

  /** Makes the lines of a request known before it is sent. */
  expect(request: SimRequest): void {
    for (const line of request.lines) {
      if (this.requestOf.has(line)) throw new Error(`two requests have the line ${line}`);
      this.requestOf.set(line, request);
    }
  }

  /** Stores a record. The ticket confirms it later. */
  keep(record: Uint8Array): symbol {
    const text = this.decoder.decode(record);
    if (!text.endsWith("\n")) this.violate(`a record ends inside a line: ${text.slice(-80)}`);
    const lines = text.split("\n").slice(0, -1);
    for (const line of lines) {
      const request = this.requestOf.get(line);
      if (request === undefined || request.attempts === 0) this.violate(`stored, but never sent: ${line}`);
      const copies = this.copies.get(line) ?? { confirmed: 0, unconfirmed: 0 };
      copies.unconfirmed++;
      this.copies.set(line, copies);
    }
    const ticket = Symbol("record");
    this.unconfirmed.set(ticket, lines);
    return ticket;
  }

  confirm(ticket: symbol): void {
    for (const line of this.unconfirmed.get(ticket) ?? []) {
      const copies = this.copies.get(line)!;
      copies.unconfirmed--;
      copies.confirmed++;
    }
    this.unconfirmed.delete(ticket);
  }

  /** The ack law, to be asked at the moment of the answer. */
  checkAcked(request: SimRequest): void {
    const missing = request.lines.filter((line) => !this.copies.has(line));
    if (missing.length > 0) {
      this.violate(
        `acked, but ${missing.length} of ${request.lines.length} lines are not stored: ${missing[0]}`,
      );
    }
  }

  /** A line is confirmed once per request that brought it; more means that a durable record was put again. */
  checkCopies(): { readonly lines: number; readonly duplicates: number } {
    let duplicates = 0;
    for (const [line, { confirmed, unconfirmed }] of this.copies) {
      const attempts = this.requestOf.get(line)?.attempts ?? 0;
      if (confirmed > attempts) {
        this.violate(`confirmed ${confirmed} times, but only sent ${attempts} times: ${line}`);
      }
      duplicates += confirmed + unconfirmed - 1;
    }
    return { lines: this.copies.size, duplicates };
  }
}
