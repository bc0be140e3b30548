// Fields of protobuf in the form that encoders give them: lengths and numbers of few bytes.

/** Where what was read last ended. */
export let fieldEnd: i32 = 0;

/** Reads a varint of up to three bytes; −1 for a longer one, or one that does not end before `end`. */
export function varint(at: i32, end: i32): i32 {
  let value: i32 = 0;
  for (let shift = 0; shift < 21; shift += 7) {
    if (at >= end) return -1;
    const byte: i32 = load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      fieldEnd = at;
      return value;
    }
  }
  return -1;
}
