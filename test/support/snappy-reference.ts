/**
 * A second decoder of snappy blocks, written for plainness from
 * https://github.com/google/snappy/blob/main/format_description.txt: what the fast one is compared with. Undefined for
 * blocks that are not well-formed. With `bare` the block has no length in front, and none is checked.
 */
export function snappyReference(block: Uint8Array, bare = false): Uint8Array | undefined {
  const input = [...block];
  const declared = bare ? undefined : takeVarint(input);
  if (!bare && declared === undefined) return undefined;
  const output: number[] = [];
  while (input.length > 0) {
    const head = input.shift()!;
    const upper = head >> 2;
    if ((head & 3) === 0) {
      const length = upper < 60 ? upper : takeLittleEndian(input, upper - 59);
      if (length === undefined || input.length < length + 1) return undefined;
      output.push(...input.splice(0, length + 1));
    } else {
      const low = takeLittleEndian(input, [0, 1, 2, 4][head & 3]!);
      if (low === undefined) return undefined;
      const near = (head & 3) === 1;
      const length = near ? (upper & 7) + 4 : upper + 1;
      const distance = near ? low + 256 * (head >> 5) : low;
      if (distance === 0 || distance > output.length) return undefined;
      for (let i = 0; i < length; i++) output.push(output[output.length - distance]!);
    }
    if (declared !== undefined && output.length > declared) return undefined;
  }
  return bare || output.length === declared ? Uint8Array.from(output) : undefined;
}

function takeVarint(input: number[]): number | undefined {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = input.shift();
    if (byte === undefined) return undefined;
    value += (byte % 128) * 128 ** i;
    if (byte < 128) return value < 2 ** 32 ? value : undefined;
  }
  return undefined;
}

function takeLittleEndian(input: number[], count: number): number | undefined {
  if (input.length < count) return undefined;
  return input.splice(0, count).reduce((value, byte, i) => value + byte * 256 ** i, 0);
}
