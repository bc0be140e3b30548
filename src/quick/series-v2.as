// A series of remote write 2.0: references to symbols, samples, metadata that is durable. See src/remote/write-v2.ts.
import { keyAt, messageAt, periodAt, refsMax, repeatedAt, symbolCountAt, symbolSlotsAt, symbolSpansAt } from "./layout";
import { labelBytesIn, metadataHelpIn, metadataPeriodIn, metadataTypeIn, metadataUnitIn } from "./layout";
import { weighedAt, weighedMaxAt } from "./layout";
import { fieldEnd, varint } from "./field";
import { expectedWhole, find, isFull, miss, passesOver, payload, take } from "./known";
import { addLabel, clearLabels, keepLabels, repeatRefs, textBytes } from "./labels";
import { keepSamples, samplesEnd, writeSamples } from "./samples";

/** Bytes of the texts of the metadata that was read last; 0: it says nothing. */
let metadataBytes: i32 = 0;
let metadataSays: bool = false;

/** Takes the series at `at`. Answers where it ends, or 0 and has done nothing. */
export function seriesV2(at: i32, messageEnd: i32): i32 {
  if (load<u8>(at) != 0x2a) return 0;
  const bytes = varint(at + 1, messageEnd);
  const start = fieldEnd;
  const end = start + bytes;
  if (bytes < 2 || end > messageEnd || load<u8>(start) != 0x0a) return 0;
  const refsBytes = varint(start + 1, end);
  const refs = fieldEnd;
  const refsEnd = refs + refsBytes;
  if (refsBytes < 0 || refsEnd > end) return 0;
  if (passesOver()) return unknownV2(refs, refsEnd, end);
  const keyBytes = readKey(refs, refsEnd);
  if (keyBytes == 0) return 0;
  let slot = expectedWhole(keyAt, keyBytes);
  if (slot == 0) {
    slot = find(keyAt, keyAt + keyBytes);
    // As long as there is room, it is added.
    if (slot == 0) return isFull() ? unknownV2(refs, refsEnd, end) : 0;
  }
  const series = payload(slot);
  if (!writeSamples(refsEnd, end, series) || !readMetadata(samplesEnd, end, series)) return 0;
  const weighed = load<i32>(weighedAt) + load<i32>(series + labelBytesIn) + metadataBytes;
  if (weighed > load<i32>(weighedMaxAt)) return 0;
  keepSamples();
  if (metadataSays) store<i32>(repeatedAt, load<i32>(repeatedAt) + 1);
  store<i32>(weighedAt, weighed);
  take(slot);
  return end;
}

function unknownV2(refs: i32, refsEnd: i32, end: i32): i32 {
  if (!readLabels(refs, refsEnd)) return 0;
  const weighed = load<i32>(weighedAt) + textBytes;
  if (weighed > load<i32>(weighedMaxAt) || !writeSamples(refsEnd, end, 0) || !isEmptyMetadata(samplesEnd, end)) return 0;
  keepSamples();
  keepLabels();
  store<i32>(weighedAt, weighed);
  miss();
  return end;
}

/** Whether nothing stands at `start`, or metadata that says nothing: most senders add such to every series. */
@inline
function isEmptyMetadata(start: i32, end: i32): bool {
  return start == end || (start + 2 == end && load<u16>(start) == 0x002a);
}

/** Reads the labels that pairs of references stand for; answers false if one is not ordinary. */
function readLabels(start: i32, end: i32): bool {
  clearLabels();
  const symbols = load<i32>(symbolCountAt);
  let at = start;
  while (at < end) {
    const name = varint(at, end);
    if (name < 0 || name >= symbols) return false;
    const value = varint(fieldEnd, end);
    if (value < 0 || value >= symbols) return false;
    at = fieldEnd;
    if (repeatRefs(name, value)) continue;
    const text = symbolStart(value);
    if (!addLabel(name, value, symbolStart(name), symbolBytes(name), text, symbolBytes(value))) return false;
  }
  return true;
}

@inline
function symbolStart(ref: i32): i32 {
  return messageAt + load<i32>(symbolSpansAt + (ref << 3));
}

/** Makes what the series is known by of its references, as LabelRefs.makeKey does; answers its bytes, or 0. */
function readKey(start: i32, end: i32): i32 {
  const symbols = load<i32>(symbolCountAt);
  let key = keyAt + 4;
  const keyEnd = key + refsMax * 4;
  for (let at = start; at < end; key += 4) {
    let ref: i32 = load<u8>(at++);
    if (ref >= 0x80) {
      ref = varint(at - 1, end);
      if (ref < 0) return 0;
      at = fieldEnd;
    }
    if (ref >= symbols || key >= keyEnd) return 0;
    const slot = load<i32>(symbolSlotsAt + (ref << 2));
    if (slot == 0) return 0;
    store<i32>(key, slot);
  }
  store<i32>(keyAt, ((key - keyAt - 4) >> 2) << 8);
  return key - keyAt;
}

/** Reads the metadata that may stand at `start`; answers false if it is not known to be durable, or not the last field. */
function readMetadata(start: i32, end: i32, series: i32): bool {
  metadataBytes = 0;
  metadataSays = false;
  if (start == end) return true;
  if (load<u8>(start) != 0x2a) return false;
  const bytes = varint(start + 1, end);
  if (bytes < 0 || fieldEnd + bytes != end) return false;
  let at = fieldEnd;
  let type = 0;
  let help = 0;
  let unit = 0;
  if (at < end && load<u8>(at) == 0x08) {
    type = varint(at + 1, end);
    at = fieldEnd;
  }
  if (at < end && type >= 0 && load<u8>(at) == 0x18) {
    help = varint(at + 1, end);
    at = fieldEnd;
  }
  if (at < end && help >= 0 && load<u8>(at) == 0x20) {
    unit = varint(at + 1, end);
    at = fieldEnd;
  }
  if (at != end || type < 0 || help < 0 || unit < 0) return false;
  if ((type | help | unit) == 0) return true;
  const symbols = load<i32>(symbolCountAt);
  if (help >= symbols || unit >= symbols) return false;
  metadataSays = true;
  metadataBytes = symbolBytes(help) + symbolBytes(unit);
  return (
    load<i32>(series + metadataPeriodIn) == load<i32>(periodAt) &&
    load<i32>(series + metadataTypeIn) == type &&
    load<i32>(series + metadataHelpIn) == load<i32>(symbolSlotsAt + (help << 2)) &&
    load<i32>(series + metadataUnitIn) == load<i32>(symbolSlotsAt + (unit << 2))
  );
}

@inline
function symbolBytes(ref: i32): i32 {
  return load<i32>(symbolSpansAt + (ref << 3) + 4) - load<i32>(symbolSpansAt + (ref << 3));
}
