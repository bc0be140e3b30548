/** Below this the collector is left to it: small buffers are many, and not what memory is short of. */
const releasedBytesMin = 128 * 1024;

/**
 * Gives the memory of a large buffer back now. Collectors look at objects, not at their bytes, and may let gigabytes of
 * buffers wait. Nothing may use the buffer, or a view of it, afterwards: they have become empty.
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= releasedBytesMin) buffer.transfer(0);
}
