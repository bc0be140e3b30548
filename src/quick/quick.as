// The quick way through ordinary series: with nothing but samples, and known or plain label sets. Whatever is a little
// out of the ordinary is left to the TypeScript that this is an abridged copy of, and its reference in the tests.
import { forgetLabels } from "./labels";
import { seriesV1 } from "./series-v1";
import { seriesV2 } from "./series-v2";
import { writeValue } from "./line";

/**
 * Takes the series of a prometheus.WriteRequest that start at `from`, up to the first one that is not ordinary, and
 * answers where that is.
 */
export function passV1(from: i32, end: i32): i32 {
  forgetLabels();
  let at = from;
  while (at < end) {
    const next = seriesV1(at, end);
    if (next == 0) break;
    at = next;
  }
  return at;
}

/** The same for an io.prometheus.write.v2.Request. */
export function passV2(from: i32, end: i32): i32 {
  forgetLabels();
  let at = from;
  while (at < end) {
    const next = seriesV2(at, end);
    if (next == 0) break;
    at = next;
  }
  return at;
}

/** For the tests: writes a finite double, and answers where its text ends. */
export function writeNumber(to: i32, bits: u64): i32 {
  return writeValue(to, bits);
}
