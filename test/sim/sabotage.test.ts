/** Every law can be broken: receivers that are broken on purpose are found out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Batcher, createBatcher } from "../../src/batch/batcher.ts";
import { sleep } from "../../src/clock.ts";
import { SinkError } from "../../src/errors.ts";
import type { Files, OpenFile } from "../../src/sink/file/system.ts";
import { durable, type Outcome, type Sink } from "../../src/sink/sink.ts";
import type { Spool } from "../../src/sink/spool/spool.ts";
import type { Topology } from "./settings.ts";
import { type Sabotage, simulate } from "./simulate.ts";

test("a sink that confirms what it does not keep is found out", async () => {
  const found = await findsOut("direct", {
    sink: (sink) => withOutcomes(sink, () => durable),
  });
  assert.match(found, /acked, but \d+ of \d+ lines are not stored/);
});

test("a Kinesis sink that takes failed entries for stored ones is found out", async () => {
  const found = await findsOut("kinesis", {
    sink: (sink) => withOutcomes(sink, (outcome) => (outcome.kind === "retryable" ? durable : outcome)),
  });
  assert.match(found, /acked, but \d+ of \d+ lines are not stored/);
});

test("a sink that changes a byte is found out", async () => {
  const found = await findsOut("direct", {
    sink: (sink) => ({
      ...wholeSink(sink),
      put: (records, signal) => {
        const changed = records.map((record) => record.map((byte) => (byte === 0x78 ? 0x79 : byte)));
        return sink.put(changed, signal);
      },
    }),
  });
  assert.match(found, /stored, but never sent/);
});

test("a batcher that answers before the lines are durable is found out", async () => {
  const batcher = (inner: Batcher) =>
    wrap(inner, async (lines) => {
      inner.append(lines).catch(() => undefined);
    });
  assert.match(await findsOut("direct", { batcher }), /acked, but/);
  assert.match(await findsOut("records", { batcher }), /acked, but/);
});

test("a batcher that loses an error of the sink is found out", async () => {
  const found = await findsOut("direct", {
    batcher: (batcher) =>
      wrap(batcher, (lines) =>
        batcher.append(lines).catch((error: unknown) => {
          if (!(error instanceof SinkError)) throw error;
        }),
      ),
  });
  assert.match(found, /acked, but/);
});

test("a batcher that puts durable lines again is found out", async () => {
  const found = await findsOut("direct", {
    batcher: (batcher) =>
      wrap(batcher, async (lines) => {
        const twice = lines.slice();
        await batcher.append(lines);
        await batcher.append(twice);
      }),
  });
  assert.match(found, /confirmed \d times, but only sent|lines are twice/);
});

test("a batcher that never answers is found out", async () => {
  const found = await findsOut("direct", {
    batcher: (batcher) =>
      wrap(batcher, async (lines) => {
        await batcher.append(lines);
        if (lines.length % 50 === 0) await new Promise(() => undefined);
      }),
  });
  assert.match(found, /waited in vain|stays above 0|the run ended/);
});

test("a batcher that answers too late is found out", async () => {
  const found = await findsOut("direct", {
    batcher: (batcher, { clock, ackTimeoutMs }) =>
      wrap(batcher, async (lines) => {
        await batcher.append(lines);
        await sleep(clock, ackTimeoutMs + 2);
      }),
  });
  assert.match(found, /was answered after/);
});

test("a batcher without a ceiling, or that miscounts, is found out", async () => {
  const unbounded = await findsOut("direct", {
    batcher: (_, options) => createBatcher({ ...options, pendingBytesMax: Number.POSITIVE_INFINITY }),
  });
  assert.match(unbounded, /pending bytes, the ceiling is/);
  const miscounting = await findsOut("direct", { batcher: (batcher) => wrap(batcher, undefined, 1) });
  assert.match(miscounting, /waited in vain|stay pending/);
});

test("a batcher with more puts than it may have is found out", async () => {
  const found = await findsOut("direct", {
    batcher: (_, options) => createBatcher({ ...options, putsInFlightMax: options.putsInFlightMax + 3 }),
  });
  assert.match(found, /puts in flight, \d at most/);
});

test("a sink that hides that its puts may be stored is found out by the duplicates", async () => {
  const sink = (inner: Sink) =>
    withOutcomes(inner, (outcome) => {
      if (outcome.kind !== "retryable") return outcome;
      const { unconfirmed: _, ...confirmed } = outcome;
      return confirmed;
    });
  assert.match(await findsOut("direct", { sink }), /lines are twice, the risk was counted for/);
  assert.match(await findsOut("kinesis", { sink }), /lines are twice, the risk was counted for/);
});

test("a sink that is asked again and again though it is blocked is found out", async () => {
  const found = await findsOut("direct", {
    // The watch stands before the sink: what it is told here is not what the batcher hears.
    batcher: (_, options) =>
      createBatcher({ ...options, sink: withOutcomes(options.sink, (outcome) => hideBlock(outcome)) }),
  });
  assert.match(found, /a blocked sink is asked after/);
});

test("a quarantine that keeps nothing, or tells another line, is found out", async () => {
  const nothing = await findsOut("records", { quarantine: () => ({ keep: async () => "nowhere" }) });
  assert.match(nothing, /lines are nowhere/);
  const other = await findsOut("direct", {
    quarantine: (quarantine) => ({
      keep: (lines, sinkName) =>
        quarantine.keep(
          lines.map((each) => ({ ...each, line: each.line.map((byte) => (byte === 0x31 ? 0x32 : byte)) })),
          sinkName,
        ),
    }),
  });
  assert.match(other, /in quarantine, but never sent/);
});

test("a disk that forgets what it was told to sync is found out", async () => {
  const files = (inner: Files) => withFile(inner, (file) => ({ ...file, datasync: async () => undefined }));
  // Frames that are gone show first in the order of those that come in their place.
  assert.match(await findsOut("records", { files }), /acked, but|could not be read|before their turn/);
  assert.match(await findsOut("file", { files }), /acked, but/);
});

test("a spool whose cursor goes ahead of what is shipped is found out", async () => {
  const spool = (inner: Spool) =>
    withSpool(inner, {
      read: async (from, signal) => {
        const frame = await inner.read(from, signal);
        if (frame !== undefined)
          await inner.moveCursor({ position: frame.end, object: undefined }).catch(() => 0);
        return frame;
      },
    });
  assert.match(await findsOut("records", { spool }), /lines are nowhere/);
});

test("a spool that forgets which object was planned is found out by the duplicates", async () => {
  const spool = (inner: Spool) =>
    withSpool(inner, {
      get cursor() {
        return { ...inner.cursor, object: undefined };
      },
    });
  assert.match(await findsOut("objects", { spool }), /objects, but only in \d+ frames/);
});

test("a spool that takes more than it may is found out", async () => {
  const spoolOptions: Sabotage["spoolOptions"] = (options) => ({
    ...options,
    bytesMax: 2 * options.bytesMax,
  });
  assert.match(await findsOut("records", { spoolOptions }), /the spool has \d+ bytes/);
});

test("a shipper that leaves old lines behind newer ones is found out", async () => {
  let count = 0;
  const found = await findsOut("records", {
    shippingBatcher: (batcher, { clock }) =>
      wrap(batcher, async (lines) => {
        const late = lines.slice();
        if (++count % 5 === 0) await sleep(clock, 20_000);
        return batcher.append(late);
      }),
  });
  assert.match(found, /bytes before their turn/);
});

function hideBlock(outcome: Outcome): Outcome {
  if (outcome.kind !== "blocked") return outcome;
  return { kind: "retryable", throttled: false, reason: outcome.reason, message: outcome.message };
}

function wholeSink(sink: Sink): Sink {
  return {
    name: sink.name,
    limits: sink.limits,
    put: (records, signal) => sink.put(records, signal),
    close: () => sink.close(),
  };
}

function withOutcomes(sink: Sink, change: (outcome: Outcome) => Outcome): Sink {
  return {
    ...wholeSink(sink),
    put: async (records, signal) => (await sink.put(records, signal)).map(change),
  };
}

function withFile(files: Files, change: (file: OpenFile) => OpenFile): Files {
  return { ...files, create: async (path) => change(await files.create(path)) };
}

/** The spool with other members, read each time they are asked for. */
function withSpool(spool: Spool, members: Partial<Spool>): Spool {
  return new Proxy(spool, {
    get: (target, name) => Reflect.get(name in members ? members : target, name),
  });
}

/** The batcher with another `append`, or with more pending bytes than there are. */
function wrap(batcher: Batcher, append: Batcher["append"] | undefined, extraBytes = 0): Batcher {
  return {
    lineBytesMax: batcher.lineBytesMax,
    get pendingBytes() {
      return batcher.pendingBytes + extraBytes;
    },
    get blocked() {
      return batcher.blocked;
    },
    append: append ?? ((lines) => batcher.append(lines)),
    assertRoom: () => batcher.assertRoom(),
    drain: async (timeoutMs) => (await batcher.drain(timeoutMs)) + extraBytes,
  };
}

/** Breaks the receiver on purpose; the first seed that notices says how. */
async function findsOut(topology: Topology, sabotage: Sabotage): Promise<string> {
  for (let seed = 1; seed <= 150; seed++) {
    const { violations } = await simulate(seed, topology, sabotage);
    if (violations.length > 0) return violations.join("\n");
  }
  return "";
}
