import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedError } from "../../src/errors.ts";
import { decodeLine } from "../../src/line/decode.ts";
import { nestingMax } from "../../src/line/json-reader.ts";
import type { Line } from "../../src/model/line.ts";

const decode = (text: string): Line => decodeLine(new TextEncoder().encode(text));
const sample = (value: string): string => `{"name":"x","time":1,"value":${value},"labels":{"__name__":"x"}}`;

test("the predecessor's lines are read, escapes of Go included", () => {
  const line = decode(
    '{"name":"x","time":1,"value":null,"labels":{"__name__":"x","q":"a\\u003cb\\u2028"}}\n',
  );
  assert.deepEqual(line, {
    kind: "sample",
    name: "x",
    time: 1,
    start: 0,
    value: 0x7ff8_0000_0000_0001n,
    labels: [
      { name: "__name__", value: "x" },
      { name: "q", value: "a<b\u2028" },
    ],
  });
});

test("keys in another order, blanks and unknown keys are passed over", () => {
  const text =
    ' { "labels" : {"b":"2","__name__":"x"} , "dt":{"a":[1,true,false,null,"s"]}, "value" : 1e0, "time":1 ,' +
    ' "name":"x" } ';
  assert.deepEqual(decode(text), decode(sample("1").replace('"x"}}', '"x","b":"2"}}')));
});

test("labels are sorted by the bytes of their names, astral characters last", () => {
  const line = decode(
    '{"name":"x","time":1,"value":1,"labels":{"😀":"1","\uffee":"2","__name__":"x","A":"3"}}',
  );
  assert.deepEqual(
    line.labels?.map(({ name }) => name),
    ["A", "__name__", "\uffee", "😀"],
  );
});

const refused: readonly (readonly [why: string, text: string])[] = [
  ["nothing", ""],
  ["an array", "[]"],
  ["half a line", sample("1").slice(0, -3)],
  ["two lines", `${sample("1")}\n${sample("1")}`],
  ["no name", '{"time":1,"value":1,"labels":{}}'],
  ["an empty name", '{"name":"","time":1,"value":1,"labels":{}}'],
  ["a name that is not __name__", '{"name":"y","time":1,"value":1,"labels":{"__name__":"x"}}'],
  ["no time", '{"name":"x","value":1,"labels":{}}'],
  ["a time with a fraction", '{"name":"x","time":1.5,"value":1,"labels":{}}'],
  ["a time beyond int64", '{"name":"x","time":9223372036854775808,"value":1,"labels":{}}'],
  ["no labels", '{"name":"x","time":1,"value":1}'],
  ["no value", '{"name":"x","time":1,"labels":{}}'],
  ["value and metadata", '{"name":"x","time":1,"value":1,"metadata":{},"labels":{}}'],
  ["a value as text", sample('"1"')],
  ["a value no double holds", sample("1e999")],
  ["a number with a leading zero", sample("01")],
  ["a bare NaN", sample("NaN")],
  ["special beside a number", sample('1,"special":"NaN"')],
  ["an unknown special", sample('null,"special":"Infinity"')],
  ["hex digits of no NaN", sample('null,"special":"0x3ff0000000000000"')],
  ["hex digits of an infinity", sample('null,"special":"0x7ff0000000000000"')],
  ["a key twice", '{"name":"x","name":"x","time":1,"value":1,"labels":{}}'],
  ["a label twice", '{"name":"x","time":1,"value":1,"labels":{"a":"1","a":"1"}}'],
  ["a label without name", '{"name":"x","time":1,"value":1,"labels":{"":"1"}}'],
  ["half a surrogate pair", '{"name":"\\ud800","time":1,"value":1,"labels":{}}'],
  ["an unknown escape", '{"name":"\\x","time":1,"value":1,"labels":{}}'],
  ["a raw control character", '{"name":"\u0001","time":1,"value":1,"labels":{}}'],
  [
    "a count beyond uint64",
    '{"name":"x","time":1,"histogram":{"count_int":18446744073709551616},"labels":{}}',
  ],
  ["a null sum without special", '{"name":"x","time":1,"histogram":{"sum":null},"labels":{}}'],
  ["both counts", '{"name":"x","time":1,"histogram":{"count_int":1,"count_float":1},"labels":{}}'],
  ["a span of three", '{"name":"x","time":1,"histogram":{"positive_spans":[[1,2,3]]},"labels":{}}'],
  ["an unknown metric type", '{"name":"x","metadata":{"type":"COUNTER"}}'],
  ["nesting without end", `{"a":${"[".repeat(100_000)}`],
];

for (const [why, text] of refused) {
  test(`a line with ${why} is refused with what is wrong`, () => {
    assert.throws(
      () => decode(text),
      (error: unknown) => error instanceof MalformedError && error.message.length < 300,
    );
  });
}

test("nesting is taken up to its limit and refused one above", () => {
  const nested = (levels: number) => sample(`1,"more":${"[".repeat(levels)}${"]".repeat(levels)}`);
  assert.equal(decode(nested(nestingMax - 1)).kind, "sample");
  assert.throws(() => decode(nested(nestingMax)), MalformedError);
});

test("bytes that are not UTF-8 are refused", () => {
  const bytes = new TextEncoder().encode(sample("1"));
  bytes[9] = 0xff;
  assert.throws(() => decodeLine(bytes), MalformedError);
});
