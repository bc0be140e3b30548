/** A small archive, written by the file sink, whose answers are known. */
import { openFileSink } from "../../src/sink/file.ts";
import { putDurable, sinkOptions } from "../support/file-sink.ts";

/** Begin of the hour in which the file sink's clock stands, 2026-11-23T06:00Z. */
const beginMs = Date.UTC(2026, 10, 23, 6);
const scrapes = 40;
const scrapeMs = 15_000;

type Labels = Readonly<Record<string, string>>;

function line(name: string, time: number | undefined, rest: string, labels: Labels): string {
  const at = time === undefined ? "" : `"time":${time},`;
  return `{"name":"${name}",${at}${rest},"labels":${JSON.stringify({ __name__: name, ...labels })}}\n`;
}

const sample = (name: string, time: number, value: number, labels: Labels) =>
  line(name, time, `"value":${value}`, labels);
const special = (name: string, time: number, text: string, labels: Labels) =>
  line(name, time, `"value":null,"special":"${text}"`, labels);

/** What grows between two scrapes. */
const growth: readonly (readonly [name: string, labels: Labels, step: number])[] = [
  ["http_requests_total", { code: "200", job: "api" }, 30],
  ["http_requests_total", { code: "500", job: "api" }, 3],
  ...[
    ["0.1", 10],
    ["0.5", 18],
    ["1", 20],
    ["+Inf", 20],
  ].map(
    ([le, step]) =>
      ["request_duration_seconds_bucket", { job: "api", le: String(le) }, Number(step)] as const,
  ),
];

function scrape(at: number): readonly string[] {
  const time = beginMs + at * scrapeMs;
  const lines: string[] = [];
  // a was not scraped for two minutes; b came to its end after five.
  if (at <= 16 || at >= 24) lines.push(sample("up", time, at === 17 ? 0 : 1, { instance: "a", job: "node" }));
  if (at < 20) lines.push(sample("up", time, 1, { instance: "b", job: "node" }));
  if (at === 20) lines.push(special("up", time, "stale", { instance: "b", job: "node" }));
  for (const [name, labels, step] of growth) {
    // After five minutes the api was started anew.
    lines.push(sample(name, time, (at < 20 ? at : at - 19) * step, labels));
  }
  return lines;
}

/** Writes it into `directory`, as two files with gzip; some lines are there twice. */
export async function writeQueryArchive(directory: string): Promise<void> {
  const all = Array.from({ length: scrapes }, (_, at) => scrape(at));
  const others = [
    special("temperature", beginMs, "NaN", { sensor: "x" }),
    special("temperature", beginMs + scrapeMs, "+Inf", { sensor: "x" }),
    sample("temperature", beginMs + 2 * scrapeMs, 21.5, { sensor: "x" }),
    '{"name":"up","metadata":{"type":"gauge","help":"1 where a scrape worked","unit":""}}\n',
    line(
      "rpc_seconds",
      beginMs,
      '"histogram":{"count_int":10,"sum":25,"schema":3,"zero_threshold":0,"zero_count_int":2,' +
        '"positive_spans":[[0,2]],"positive_deltas":[4,0],"reset_hint":"no"}',
      { job: "api" },
    ),
    line(
      "request_duration_seconds_bucket",
      beginMs,
      '"exemplar":{"value":0.43,"labels":{"trace_id":"4bf92f3577b34da6"}}',
      { job: "api", le: "0.5" },
    ),
  ];
  // The scrapes of 20 to 24 are in both files.
  for (const part of [[...all.slice(0, 25).flat(), ...others], all.slice(20).flat()]) {
    const sink = await openFileSink(sinkOptions(directory, { compression: "gzip" }));
    await putDurable(sink, part.join(""));
    await sink.close();
  }
}
