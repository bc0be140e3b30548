// A series of remote write 1.0: label fields, then samples. See src/remote/write-v1.ts.
import { entryKeyBytesAt, labelBytesIn, weighedAt, weighedMaxAt } from "./layout";
import { fieldEnd, varint } from "./field";
import { expected, find, isFull, miss, passesOver, payload, take, word } from "./known";
import { addLabel, clearLabels, keepLabels, repeatField, textBytes } from "./labels";
import { keepSamples, samplesEnd, writeSamples } from "./samples";

/** Takes the series at `at`. Answers where it ends, or 0 and has done nothing. */
export function seriesV1(at: i32, messageEnd: i32): i32 {
  if (load<u8>(at) != 0x0a) return 0;
  const bytes = varint(at + 1, messageEnd);
  const start = fieldEnd;
  const end = start + bytes;
  // What starts with 0 is no field, but may be the key of a series of 2.0, see readKey.
  if (bytes < 0 || end > messageEnd || load<u8>(start) == 0) return 0;
  if (passesOver()) return unknownV1(start, end);
  let slot = expected(start, end);
  if (slot == 0) {
    slot = find(start, labelsEnd(start, end));
    // As long as there is room, it is added.
    if (slot == 0) return isFull() ? unknownV1(start, end) : 0;
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

function unknownV1(start: i32, end: i32): i32 {
  const itemsStart = readLabels(start, end);
  if (itemsStart == 0) return 0;
  const weighed = load<i32>(weighedAt) + textBytes;
  if (weighed > load<i32>(weighedMaxAt) || !writeSamples(itemsStart, end, 0) || samplesEnd != end) return 0;
  keepSamples();
  keepLabels();
  store<i32>(weighedAt, weighed);
  miss();
  return end;
}

/** Reads the label fields that stand in front; answers where they end, or 0 if one is not ordinary. */
function readLabels(start: i32, end: i32): i32 {
  clearLabels();
  let at = start;
  while (at < end && load<u8>(at) == 0x0a) {
    const bytes = varint(at + 1, end);
    const field = fieldEnd;
    at = field + bytes;
    if (bytes < 4 || at > end) return 0;
    if (!repeatField(field, bytes) && !addField(field, bytes)) return 0;
  }
  return at;
}

/** Adds the label whose field has this content. */
function addField(field: i32, bytes: i32): bool {
  const end = field + bytes;
  const name = field + 2;
  const nameBytes: i32 = load<i8>(field + 1);
  const nameEnd = name + nameBytes;
  if (load<u8>(field) != 0x0a || nameBytes <= 0 || nameEnd + 2 > end || load<u8>(nameEnd) != 0x12) return false;
  const valueBytes = varint(nameEnd + 1, end);
  if (valueBytes < 0 || fieldEnd + valueBytes != end) return false;
  return addLabel(field, bytes, name, nameBytes, fieldEnd, valueBytes);
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
