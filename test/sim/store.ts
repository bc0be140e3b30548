import { poisonMark, type SimRequest } from "./payload.ts";

interface Copies {
  /** Stored, and the receiver was told so. */
  confirmed: number;
  /** Stored, and the receiver does not know. */
  unconfirmed: number;
}

/** What the archive keeps, line by line, and which requests there are. */
export class Store {
  private readonly requestOf = new Map<string, SimRequest>();
  private readonly copies = new Map<string, Copies>();
  private readonly unconfirmed = new Map<symbol, readonly string[]>();
  /** Whoever sent them was told that they are durable. */
  private readonly acked = new Set<string>();
  /** Lines that may be twice though no receiver can know. */
  private readonly excused = new Set<string>();
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  private readonly violate: (what: string) => void;

  constructor(violate: (what: string) => void) {
    this.violate = violate;
  }

  /** Makes the lines of a request known before it is sent. */
  expect(request: SimRequest): void {
    for (const line of [...request.lines, ...request.poison]) {
      if (this.requestOf.has(line)) throw new Error(`two requests have the line ${line}`);
      this.requestOf.set(line, request);
    }
  }

  /** Stores a record. The ticket confirms it later. */
  keep(record: Uint8Array): symbol {
    const lines = this.linesIn(record, "stored");
    for (const line of lines) {
      if (line.includes(poisonMark)) this.violate(`stored, though it is refused: ${line}`);
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

  /** Whole lines, each of which somebody has sent. */
  linesIn(bytes: Uint8Array, where: string): readonly string[] {
    const text = this.decoder.decode(bytes);
    if (text !== "" && !text.endsWith("\n")) this.violate(`${where} ends inside a line: ${text.slice(-80)}`);
    const lines = text.split("\n").slice(0, -1);
    for (const line of lines) {
      const request = this.requestOf.get(line);
      if (request === undefined || request.attempts === 0) this.violate(`${where}, but never sent: ${line}`);
    }
    return lines;
  }

  /** The ack law. `isStored`: also to be held at the moment of the answer. */
  ack(request: SimRequest, isStored: boolean): void {
    for (const line of [...request.lines, ...request.poison]) this.acked.add(line);
    const missing = isStored ? request.lines.filter((line) => !this.copies.has(line)) : [];
    if (missing.length === 0) return;
    const all = `${missing.length} of ${request.lines.length}`;
    this.violate(`acked, but ${all} lines are not stored: ${missing[0]}`);
  }

  /** Nobody can know which copies there are of them: a sender went away, or the process died. */
  excuse(lines: readonly string[]): void {
    for (const line of lines) this.excused.add(line);
  }

  excuseAll(): void {
    for (const [line, { attempts }] of this.requestOf) if (attempts > 0) this.excused.add(line);
  }

  /** Asked when all is calm and everything is delivered: all that was acked is stored, or in the quarantine. */
  checkComplete(quarantined: ReadonlySet<string>): void {
    const missing = [...this.acked].filter((line) =>
      line.includes(poisonMark) ? !quarantined.has(line) : !this.copies.has(line),
    );
    if (missing.length > 0) {
      this.violate(`acked, but ${missing.length} of ${this.acked.size} lines are nowhere: ${missing[0]}`);
    }
    for (const line of quarantined) {
      if (!line.includes(poisonMark)) this.violate(`in quarantine, though the sink takes it: ${line}`);
    }
  }

  /** A line is confirmed once per request that brought it; more means that a durable record was put again. */
  checkConfirmed(): void {
    for (const [line, { confirmed }] of this.copies) {
      const attempts = this.requestOf.get(line)?.attempts ?? 0;
      if (confirmed > attempts && !this.excused.has(line)) {
        this.violate(`confirmed ${confirmed} times, but only sent ${attempts} times: ${line}`);
      }
    }
  }

  /** How often each line is stored. */
  copiesOf(line: string): number {
    const { confirmed, unconfirmed } = this.copies.get(line) ?? { confirmed: 0, unconfirmed: 0 };
    return confirmed + unconfirmed;
  }

  /** Copies beyond the first: all, and those that a receiver could have known of. */
  duplicates(): { readonly lines: number; readonly all: number; readonly known: number } {
    let all = 0;
    let known = 0;
    for (const [line, { confirmed, unconfirmed }] of this.copies) {
      const more = confirmed + unconfirmed - 1;
      all += more;
      if (!this.excused.has(line)) known += more;
    }
    return { lines: this.copies.size, all, known };
  }

  get lines(): Iterable<string> {
    return this.copies.keys();
  }
}
