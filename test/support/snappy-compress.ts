import { createRequire } from "node:module";

// snappyjs comes without types.
const { compress } = createRequire(import.meta.url)("snappyjs") as {
  compress(bytes: Uint8Array): Uint8Array;
};

/** A snappy block of these bytes. */
export function snappyCompress(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(compress(bytes));
}
