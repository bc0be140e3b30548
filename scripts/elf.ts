/**
 * What an ELF file (64 bits, little endian) says of the machine and the libraries that it needs.
 * https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
 */

const machines: Readonly<Record<number, string>> = { 62: "x64", 183: "arm64" };
const interpreterSegment = 3;

/** `x64` or `arm64`. Throws when the bytes are no such file. */
export function machineOf(bytes: Uint8Array): string {
  const machine = machines[viewOf(bytes).getUint16(18, true)];
  if (machine === undefined) throw new Error("an ELF file for another kind of machine");
  return machine;
}

/** The path of the loader that the file asks for. Throws when it asks for none. */
export function interpreterOf(bytes: Uint8Array): string {
  const view = viewOf(bytes);
  const start = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  for (let at = start; at < start + count * size; at += size) {
    if (view.getUint32(at, true) !== interpreterSegment) continue;
    const from = Number(view.getBigUint64(at + 8, true));
    const length = Number(view.getBigUint64(at + 32, true));
    return new TextDecoder().decode(bytes.subarray(from, from + length - 1));
  }
  throw new Error("a static ELF file: it asks for no loader");
}

function viewOf(bytes: Uint8Array): DataView {
  const isElf =
    bytes.length >= 64 && String.fromCharCode(...bytes.subarray(1, 4)) === "ELF" && bytes[4] === 2;
  if (!isElf) throw new Error("not a 64 bit ELF file");
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
