// A series of remote write 1.0: label fields, then samples. See src/remote/write-v1.ts.
import { entryKeyBytesAt, labelBytesIn, weighedAt, weighedMaxAt } from "./layout";
import { fieldEnd, varint } from "./field";
import { expected, find, passesOver, payload, take, word } from "./known";
import { keepSamples, samplesEnd, writeSamples } from "./samples";

/** Takes the series at `at`. Answers where it ends, or 0 and has done nothing. */
export function seriesV1(at: i32, messageEnd: i32): i32 {
  if (load<u8>(at) != 0x0a) return 0;
  const bytes = varint(at + 1, messageEnd);
  const start = fieldEnd;
  const end = start + bytes;
  if (bytes < 0 || end > messageEnd || passesOver()) return 0;
  let slot = expected(start, end);
  if (slot == 0) {
    slot = find(start, labelsEnd(start, end));
    if (slot == 0) return 0;
  }
  const series = payload(slot);
  const weighed = load<i32>(weighedAt) + load<i32>(series + labelBytesIn);
  if (weighed > load<i32>(weighedMaxAt)) return 0;
  if (!writeSamples(start + load<i32>(word(slot, entryKeyBytesAt)), end, series) || samplesEnd != end) return 0;
  keepSamples();
  store<i32>(weighedAt, weighed);
  take(slot);
  return end;
}

/** Where the label fields end that stand in front. */
function labelsEnd(start: i32, end: i32): i32 {
  let at = start;
  while (at < end && load<u8>(at) == 0x0a) {
    const bytes = varint(at + 1, end);
    if (bytes < 0 || fieldEnd + bytes > end) break;
    at = fieldEnd + bytes;
  }
  return at;
}
