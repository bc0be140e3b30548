/** The end of an outage is the end of every pause; in between pauses last as long as they were meant to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { heldBatcher, lineOf, lost } from "./held-sink.ts";

test("the first durable record after an outage ends the pause of all others", async () => {
  const options = {
    lingerMs: 0,
    batchBytesMax: 10,
    ackTimeoutMs: Number.POSITIVE_INFINITY,
    random: () => 0.99,
  };
  const { sink, clock, append } = heldBatcher(options);
  const appended = ["a", "b"].map((name) => append(lineOf(10, name)));
  const answered = new Set<unknown>();
  /** Answers what is put meanwhile: `a` at once, `b` 2 s later, so that their pauses never end together. */
  const failFor = async (ms: number) => {
    for (let waitedMs = 0; waitedMs < ms; waitedMs += 100) {
      for (const put of sink.puts.filter((each) => !answered.has(each))) {
        answered.add(put);
        clock.after(put.texts[0]?.startsWith("a") ? 0 : 2_000, () => put.answer([lost]));
      }
      await clock.advance(100);
    }
  };
  await failFor(60_000);
  const last = sink.puts.length;
  while (sink.puts.length === last || sink.puts.at(-1)?.texts[0]?.startsWith("b")) await failFor(100);
  const saved = sink.puts.findLast(({ texts }) => texts[0]?.startsWith("a"));
  const before = sink.puts.length;
  await clock.advance(100);
  assert.equal(sink.puts.length, before, "both pause or wait for their answers");
  saved?.answer();
  await clock.advance(50);
  assert.equal(sink.puts.length, before + 1, "the other batch is put as well");
  sink.puts.at(-1)?.answer();
  await clock.settle();
  assert.deepEqual(
    appended.map(({ state }) => state),
    ["durable", "durable"],
  );
});

test("while others become durable a pause lasts as long as it was meant to", async () => {
  const { sink, clock, append } = heldBatcher({ lingerMs: 0, batchBytesMax: 10, putsInFlightMax: 4 });
  const serve = (texts: string) => {
    for (const put of sink.puts) put.answer(put.texts.join("") === texts ? [lost] : undefined);
  };
  append(lineOf(10, "z"));
  const putsOfZ = () => sink.puts.filter(({ texts }) => texts.join("") === lineOf(10, "z")).length;
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 100) {
    append(lineOf(10, "a"));
    await clock.advance(100);
    serve(lineOf(10, "z"));
  }
  // A pause is a second on average once it has grown to its cap.
  assert.ok(putsOfZ() < 40, `${putsOfZ()} attempts in 20 s`);
});
