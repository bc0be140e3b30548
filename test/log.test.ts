import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, type LogFormat, type LogLevel } from "../src/log.ts";

function written(format: LogFormat, level: LogLevel = "info") {
  const lines: string[] = [];
  const clock = { now: () => 1_700_000_000_123 };
  const log = createLog({ format, level, clock, write: (line) => lines.push(line) });
  return { log, lines };
}

test("text is logfmt, quoted only where it has to be", () => {
  const { log, lines } = written("text");
  log.info("listening", { url: "http://localhost:9501", port: 9501, tls: false, gone: undefined });
  log.warn("put failed", { message: 'a "b"\nlevel=info c', empty: "", equals: "a=b", control: "\u0007" });
  assert.deepEqual(lines, [
    "time=2023-11-14T22:13:20.123Z level=info msg=listening url=http://localhost:9501 port=9501 tls=false\n",
    'time=2023-11-14T22:13:20.123Z level=warn msg="put failed" message="a \\"b\\"\\nlevel=info c" empty="" ' +
      'equals="a=b" control="\\u0007"\n',
  ]);
});

test("json is one object a line with the same fields", () => {
  const { log, lines } = written("json");
  log.error("put failed", { message: "a\nb", records: 3, gone: undefined });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^\{[^\n]*\}\n$/);
  assert.deepEqual(JSON.parse(lines[0] ?? ""), {
    time: "2023-11-14T22:13:20.123Z",
    level: "error",
    msg: "put failed",
    message: "a\nb",
    records: 3,
  });
});

test("each level logs itself and what is above it", () => {
  const count = (level: LogLevel) => {
    const { log, lines } = written("text", level);
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
    return lines.length;
  };
  assert.deepEqual((["debug", "info", "warn", "error"] as const).map(count), [4, 3, 2, 1]);
});
