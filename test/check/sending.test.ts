import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeSending } from "../../src/check/sending.ts";

const url = "http://archive:9501/receive";
const urls = [new URL(url)];
const nowSeconds = 1_790_000_000;

/** The /metrics of a sender that keeps up, unless `more` says otherwise. */
function metrics(more: Readonly<Record<string, number>> = {}, target = url): string {
  const values: Record<string, number> = {
    samples_total: 1_000,
    samples_pending: 3,
    samples_retried_total: 0,
    samples_failed_total: 0,
    queue_highest_sent_timestamp_seconds: nowSeconds - 5,
    shards: 1,
    shards_max: 50,
    shards_desired: 0.1,
    ...more,
  };
  const labels = `remote_name="abc\\"def",url="${target}"`;
  const own = Object.entries(values).map(([name, value]) => {
    const [family = "", reason] = name.split("|");
    const reasoned = reason === undefined ? labels : `reason="${reason}",${labels}`;
    return `prometheus_remote_storage_${family}{${reasoned}} ${value}`;
  });
  return [
    "# TYPE x counter",
    `prometheus_remote_storage_highest_timestamp_in_seconds ${nowSeconds}`,
    ...own,
  ].join("\n");
}

function judge(first: string, second = first): readonly string[] {
  return [...judgeSending(first, second, urls)].map(
    ({ name, status, message }) => `${status} ${name}: ${message}`,
  );
}

test("a sender that keeps up is fine", () => {
  assert.deepEqual(judge(metrics()), [
    `ok sending: ${url}: 1000 samples sent since it started, 3 pending, 5 s behind, 1 of at most 50 shards`,
    `ok losses: ${url}: none`,
  ]);
});

test("a sender that is behind, or does not get through, is told", () => {
  const behind = (seconds: number) => metrics({ queue_highest_sent_timestamp_seconds: nowSeconds - seconds });
  assert.match(judge(behind(300))[0]!, /^warning sending: .* 5 min behind/);
  assert.match(judge(behind(7_200))[0]!, /^failed sending: .* 2 h behind/);
  const retrying = judge(metrics({ samples_retried_total: 10 }), metrics({ samples_retried_total: 12 }));
  assert.match(retrying[0]!, /^warning sending: .*, trying again and again$/);
  const nothing = metrics({ samples_total: 0, queue_highest_sent_timestamp_seconds: 0 });
  assert.match(judge(nothing)[0]!, /^failed sending: .*: nothing got through yet$/);
  const wants = metrics({ shards: 50, shards_desired: 71.5 });
  assert.match(judge(wants)[0]!, /^warning sending: .*; it would like 71\.5 shards$/);
  const own = { queue_highest_timestamp_seconds: nowSeconds - 4 };
  assert.match(judge(metrics(own))[0]!, /, 1 s behind,/);
});

test("what a sender lost is told, and whether that goes on", () => {
  const before = metrics({ samples_failed_total: 5 });
  assert.match(
    judge(before)[1]!,
    /^warning losses: .* 5 samples were refused for good .*, none in the last moments$/,
  );
  assert.match(
    judge(before, metrics({ samples_failed_total: 7 }))[1]!,
    /^failed losses: .* 7 samples .*, and it goes on$/,
  );
  assert.match(
    judge(metrics({ samples_dropped_total: 9 }))[1]!,
    /^warning losses: .* 9 samples were dropped/,
  );
  const relabelled = metrics({ "samples_dropped_total|dropped_series": 9 });
  assert.match(judge(relabelled)[1]!, /^ok losses/);
  const lost = metrics({ "samples_dropped_total|dropped_series": 9, "samples_dropped_total|too_old": 2 });
  assert.match(
    judge(lost)[1]!,
    /^warning losses: .* 11 samples were dropped before they were sent: 2 too_old$/,
  );
});

test("the queues of others do not count, and one that is missing is told", () => {
  const other = metrics({ samples_failed_total: 5 }, "http://mimir:8080/push");
  assert.deepEqual(judge(other), ["warning sending: its /metrics has nothing of a remote_write to us"]);
  assert.equal(judge(`${other}\n${metrics()}`).length, 2);
  assert.deepEqual([...judgeSending("", "", undefined)].length, 1);
});
