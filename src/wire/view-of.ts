let lastBytes: Uint8Array = new Uint8Array(0);
let lastView = new DataView(lastBytes.buffer);

/**
 * A DataView over these bytes: the one of the last call where they are the same. With it four bytes are looked at in
 * one step, wherever they start: texts of 11 bytes then cost half (see writeString and isUtf8).
 */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes === lastBytes) return lastView;
  lastBytes = bytes;
  lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return lastView;
}
