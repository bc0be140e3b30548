/** Up to this many labels are sorted by insertion, which needs no second array. */
const insertionSortMax = 8;
let scratch = new Int32Array(4 * 128);

/**
 * Sorts the first `count` labels in `spans` (four offsets into `source` each, the name's first) by the bytes of their
 * names. Nearly always they came sorted, which takes one look; whatever their order, the steps are n·log n.
 */
export function sortLabels(source: Uint8Array, spans: Int32Array, count: number): void {
  let sorted = 1;
  while (sorted < count && compareNames(source, spans, sorted * 4 - 4, sorted * 4) <= 0) sorted++;
  if (sorted >= count) return;
  if (count <= insertionSortMax) insertionSort(source, spans, count);
  else mergeSort(source, spans, count);
}

/** Negative, 0 or positive, as the name of the label at `a` in `spans` sorts to that of the one at `b`. */
export function compareNames(source: Uint8Array, spans: Int32Array, a: number, b: number): number {
  const aStart = spans[a]!;
  const bStart = spans[b]!;
  const aLength = spans[a + 1]! - aStart;
  const bLength = spans[b + 1]! - bStart;
  const shorter = aLength < bLength ? aLength : bLength;
  // Two references to one symbol need no look at its bytes.
  for (let i = aStart === bStart ? shorter : 0; i < shorter; i++) {
    const difference = source[aStart + i]! - source[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

function insertionSort(source: Uint8Array, spans: Int32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    for (let at = i * 4; at > 0 && compareNames(source, spans, at - 4, at) > 0; at -= 4) {
      for (let part = at; part < at + 4; part++) {
        const kept = spans[part]!;
        spans[part] = spans[part - 4]!;
        spans[part - 4] = kept;
      }
    }
  }
}

/** Bottom up: runs of twice the length in each round, from one array into the other. */
function mergeSort(source: Uint8Array, spans: Int32Array, count: number): void {
  const end = count * 4;
  if (scratch.length < end) scratch = new Int32Array(spans.length);
  let from: Int32Array = spans;
  let to: Int32Array = scratch;
  for (let width = 4; width < end; width *= 2) {
    for (let start = 0; start < end; start += 2 * width) {
      mergeRuns(source, from, to, start, Math.min(start + width, end), Math.min(start + 2 * width, end));
    }
    [from, to] = [to, from];
  }
  if (from !== spans) spans.set(from.subarray(0, end));
}

/** Merges the sorted runs [start, middle) and [middle, end) of `from` into `to`; both cover the same places. */
function mergeRuns(
  source: Uint8Array,
  from: Int32Array,
  to: Int32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at += 4) {
    const takeLeft = right >= end || (left < middle && compareNames(source, from, left, right) <= 0);
    const taken = takeLeft ? left : right;
    for (let part = 0; part < 4; part++) to[at + part] = from[taken + part]!;
    if (takeLeft) left += 4;
    else right += 4;
  }
}
