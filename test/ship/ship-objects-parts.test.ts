import assert from "node:assert/strict";
import { test } from "node:test";
import { sleep } from "../../src/clock.ts";
import { refused, restart, retryable } from "./memory-bucket.ts";
import { forever, line, setUp, startMs } from "./object-shipper.ts";

test("an object above the limit of single puts goes in parts, two at a time", async () => {
  const { clock, spool, bucket, start } = setUp({ rotateBytes: 1_000_000, partBytes: 1_000 });
  const text = Array.from({ length: 100 }, (_, i) => line(i)).join("");
  spool.add(text, startMs);
  bucket.fault = async ({ operation }) => {
    if (operation === "part") await sleep(clock, 10);
    return undefined;
  };
  await clock.resolve(start().stop(forever));
  assert.equal(bucket.text(), text);
  const parts = bucket.requests.filter(({ operation }) => operation === "part");
  assert.equal(parts.length, Math.ceil(text.length / 1_000));
  assert.ok(parts.slice(0, -1).every(({ bytes }) => bytes === 1_000));
  assert.equal(bucket.inFlightMost, 2);
  assert.deepEqual([...bucket.uploads], []);
});

test("an upload that is gone, or whose parts are, begins anew", async () => {
  const { clock, spool, bucket, start } = setUp({ rotateBytes: 1_000_000, partBytes: 1_000 });
  const text = Array.from({ length: 60 }, (_, i) => line(i)).join("");
  spool.add(text, startMs);
  const faults = ["part", "complete", "part"];
  bucket.fault = ({ operation }) => {
    if (operation !== faults[0]) return undefined;
    faults.shift();
    return { verdict: restart("NoSuchUpload") };
  };
  await clock.resolve(start().stop(forever));
  assert.equal(bucket.text(), text);
  assert.equal(bucket.objects.size, 1);
  assert.deepEqual([faults, [...bucket.uploads]], [[], []]);
});

test("parts that an earlier run left at the service are removed", async () => {
  const { clock, spool, bucket, start } = setUp({ rotateBytes: 1_000_000, partBytes: 1_000 });
  spool.add(Array.from({ length: 60 }, (_, i) => line(i)).join(""), startMs);
  bucket.fault = ({ operation }) =>
    operation === "complete" ? { verdict: retryable("network") } : undefined;
  await clock.resolve(start().stop(5_000));
  assert.equal(bucket.uploads.size, 1);
  bucket.fault = () => undefined;
  await clock.resolve(start().stop(forever));
  assert.equal(bucket.objects.size, 1);
  assert.deepEqual([...bucket.uploads], []);
});

test("what S3 refuses for its size goes in smaller objects, and one frame alone blocks", async () => {
  const { clock, spool, bucket, logged, start } = setUp({ rotateBytes: 100_000 });
  const texts = Array.from({ length: 64 }, (_, i) => line(i));
  for (const text of texts) spool.add(text, startMs);
  bucket.fault = ({ operation, bytes }) =>
    operation === "put" && bytes > 600 ? { verdict: refused("EntityTooLarge") } : undefined;
  const shipper = start();
  await clock.resolve(shipper.stop(forever));
  assert.equal(bucket.text(), texts.join(""));
  assert.ok(logged.some((each) => each.includes("smaller ones from now on")));

  const large = texts.join("");
  spool.add(large, startMs);
  const other = start({ rotateAgeMs: 1 });
  await clock.advance(30_000);
  assert.equal(other.blocked?.reason, "EntityTooLarge");
  bucket.fault = () => undefined;
  await clock.resolve(other.stop(forever));
  assert.equal(bucket.text(), texts.join("") + large);
});

test("an object that is there although an attempt was refused is not stored a second time in pieces", async () => {
  const { clock, spool, bucket, start } = setUp({ rotateBytes: 100_000 });
  const texts = Array.from({ length: 8 }, (_, i) => line(i));
  for (const text of texts) spool.add(text, startMs);
  let puts = 0;
  bucket.fault = ({ operation }) => {
    if (operation !== "put" || ++puts > 2) return undefined;
    return puts === 1
      ? { done: true, verdict: retryable("timeout") }
      : { verdict: refused("EntityTooLarge") };
  };
  await clock.resolve(start().stop(forever));
  assert.equal(bucket.objects.size, 1);
  assert.equal(bucket.text(), texts.join(""));
});

test("frames that are gone when the object is made are passed over", async () => {
  const { clock, spool, bucket, start } = setUp();
  spool.add(line(1), startMs);
  spool.add(line(2), startMs);
  const end = { segment: 1, offsetBytes: 1 };
  spool.cursor = { position: end, object: { key: "metrics/planned.ndjson", end } };
  await clock.resolve(start().stop(forever));
  assert.equal(bucket.text(), line(2));
  assert.equal(bucket.objects.has("metrics/planned.ndjson"), false);
});

test("a disk that does not take the cursor, or cannot be read, only delays", async () => {
  const { clock, spool, bucket, logged, start } = setUp();
  spool.failMove = new Error("EIO: i/o error");
  const shipper = start({ rotateAgeMs: 1 });
  spool.add(line(1), startMs);
  await clock.advance(10_000);
  assert.equal(bucket.objects.size, 0);
  spool.failMove = undefined;
  spool.failRead = new Error("EIO: i/o error");
  await clock.advance(10_000);
  spool.failRead = undefined;
  await clock.advance(10_000);
  assert.equal(bucket.text(), line(1));
  assert.ok(logged.some((each) => each.includes("cannot note in the spool")));
  assert.ok(logged.some((each) => each.includes("shipping failed")));
  await clock.resolve(shipper.stop(forever));
});

test("of an object that S3 takes slowly, a few parts are held and no more", async () => {
  const partBytes = 10_000;
  const { clock, spool, bucket, start } = setUp({ rotateBytes: 1e9, partBytes });
  const frame = line(1).repeat(10);
  const frames = 1_000;
  for (let i = 0; i < frames; i++) spool.add(frame, startMs);
  let taken = 0;
  let heldMost = 0;
  bucket.fault = async ({ operation, bytes }) => {
    if (operation !== "part") return undefined;
    await sleep(clock, 1_000);
    // The first reading has seen all frames; what the second has read and S3 has not is in memory.
    heldMost = Math.max(heldMost, (spool.reads - frames) * frame.length - taken);
    taken += bytes;
    return undefined;
  };
  await clock.resolve(start().stop(forever));
  assert.equal(bucket.objects.size, 1);
  assert.equal(bucket.text().length, frame.length * frames);
  assert.ok(heldMost > 0 && heldMost <= 5 * partBytes, String(heldMost));
});
