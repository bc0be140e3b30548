/** Whatever the sink says: every append settles, with the verdict that is true, and no line is lost or changed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { durable, type Outcome } from "../../src/sink/sink.ts";
import { seededRandom } from "../support/virtual-clock.ts";
import { batcherOver, denied, HeldSink, lost, throttled, type Watched } from "./held-sink.ts";
import { refusedPut, refusedRecord } from "./service.ts";

type Pick = <T>(of: readonly T[]) => T;

interface Sent {
  readonly lines: readonly string[];
  readonly watched: Watched;
}

/** Answers puts after random times with random outcomes; keeps count of each line it called durable. */
class Weather {
  readonly copies = new Map<string, number>();
  readonly sink: HeldSink;
  calm = false;
  underWay = 0;
  private readonly pick: Pick;

  constructor(sink: HeldSink, pick: Pick) {
    this.sink = sink;
    this.pick = pick;
  }

  /** Answers some of the puts that wait; `unchanged` proves that nobody wrote into the bytes meanwhile. */
  answerSome(pending: { index: number; records: readonly Uint8Array[] }[]): void {
    for (const each of pending.splice(0)) {
      if (!this.calm && this.pick([true, false, false])) {
        pending.push(each);
        continue;
      }
      const put = this.sink.puts[each.index]!;
      const now = each.records.map((record) => new TextDecoder().decode(record));
      assert.deepEqual(now, put.texts, "bytes changed while their put was under way");
      put.answer(this.outcomes(put.texts));
    }
  }

  private outcomes(texts: readonly string[]): readonly Outcome[] {
    const hasPoison = texts.some((text) => text.includes("poison"));
    const { pick } = this;
    const kind = this.calm ? "truth" : pick(["truth", "truth", "truth", "lost", "mixed", "denied", "short"]);
    if (kind === "lost") return texts.map(() => pick([lost, throttled]));
    if (kind === "denied") return texts.map(() => denied);
    if (kind === "short") return [];
    if (hasPoison && pick([true, false])) return texts.map(() => refusedPut);
    return texts.map((text) => {
      if (text.includes("poison")) return refusedRecord;
      const outcome = kind === "mixed" ? pick([durable, lost, throttled, denied]) : durable;
      if (outcome === durable) this.keep(text);
      return outcome;
    });
  }

  private keep(text: string): void {
    for (const line of text.split(/(?<=\n)/)) this.copies.set(line, (this.copies.get(line) ?? 0) + 1);
  }
}

async function run(seed: number): Promise<Map<string, number>> {
  const random = seededRandom(seed);
  const pick: Pick = (of) => of[Math.floor(random() * of.length)]!;
  const sink = new HeldSink({ putRecordsMax: pick([1, 3, 500]), putBytesMax: pick([1_000, 5_000]) });
  const weather = new Weather(sink, pick);
  const pending: { index: number; records: readonly Uint8Array[] }[] = [];
  const put = sink.put.bind(sink);
  sink.put = (records, signal) => {
    pending.push({ index: sink.puts.length, records });
    return put(records, signal);
  };
  const isPatient = pick([true, false]);
  const { batcher, append, clock, quarantine } = batcherOver(sink, {
    random,
    lingerMs: pick([0, 20, 200]),
    batchBytesMax: pick([200, 1_000, 5_000]),
    recordBytesMax: pick([100, 400, undefined]),
    putsInFlightMax: pick([1, 2, 4]),
    pendingBytesMax: pick([3_000, 100_000]),
    ackTimeoutMs: isPatient ? Number.POSITIVE_INFINITY : pick([2_000, 25_000]),
    putTimeoutMs: 3_000,
  });
  const sent: Sent[] = [];
  for (let i = 0; i < 60; i++) {
    const count = pick([1, 3, 10, 40]);
    const poisonShare = pick([0, 0, 0, 0.1, 0.5]);
    const lines = Array.from({ length: count }, (_, n) => {
      const isPoison = random() < poisonShare;
      return `${isPoison ? "poison" : "good"} ${i}.${n} ${"x".repeat(Math.floor(random() * 30))}\n`;
    });
    sent.push({ lines, watched: append(lines.join("")) });
    await clock.advance(pick([0, 10, 300]));
    weather.answerSome(pending);
  }
  weather.calm = true;
  for (let i = 0; i < 5_000 && batcher.pendingBytes > 0; i++) {
    await clock.advance(200);
    weather.answerSome(pending);
    // Good lines prove that the sink takes what is right.
    if (i % 10 === 0) append(`calm ${i}\n`);
  }
  await clock.advance(70_000);
  assert.deepEqual([batcher.pendingBytes, clock.pendingTimers], [0, 0], "something stays");
  return verdicts(sent, weather.copies, new Set(quarantine.lines), isPatient);
}

function verdicts(
  sent: readonly Sent[],
  copies: ReadonlyMap<string, number>,
  kept: ReadonlySet<string>,
  isPatient: boolean,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { lines, watched } of sent) {
    const { state } = watched;
    counts.set(state, (counts.get(state) ?? 0) + 1);
    assert.notEqual(state, "waiting", "an append never settled");
    for (const line of lines) assert.ok((copies.get(line) ?? 0) <= 1, `durable twice: ${line}`);
    const poison = lines.filter((line) => line.startsWith("poison"));
    if (state === "durable" || state === "RefusedLinesError") {
      for (const line of lines) {
        if (line.startsWith("poison")) assert.ok(kept.has(line), `neither durable nor kept: ${line}`);
        else assert.equal(copies.get(line), 1, `acked and not durable: ${line}`);
      }
      assert.deepEqual(new Set(watched.lines), new Set(poison));
      assert.equal(state, poison.length > 0 ? "RefusedLinesError" : "durable");
    } else if (isPatient) assert.equal(state, "OverloadedError", "with endless patience nothing fails");
    if (state === "OverloadedError") {
      for (const line of lines) assert.equal(copies.get(line), undefined, `refused, yet put: ${line}`);
    }
  }
  return counts;
}

test("random outcomes: every append settles, its verdict is true, no line is lost, changed or put twice", async () => {
  const total = new Map<string, number>();
  for (let seed = 1; seed <= 150; seed++) {
    try {
      for (const [state, count] of await run(seed)) total.set(state, (total.get(state) ?? 0) + count);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
  for (const state of ["durable", "RefusedLinesError", "denied", "OverloadedError", "timeout"]) {
    assert.ok((total.get(state) ?? 0) > 0, `never came up: ${state}`);
  }
});
