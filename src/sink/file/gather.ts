/** Joins small pieces into writes of at most `bytesMax`; larger pieces are written as they are. */
export function* gather(pieces: readonly Uint8Array[], bytesMax: number): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for (const piece of pieces) {
    if (waitingBytes > 0 && waitingBytes + piece.length > bytesMax) {
      yield joined(waiting, waitingBytes);
      waiting = [];
      waitingBytes = 0;
    }
    waiting.push(piece);
    waitingBytes += piece.length;
  }
  if (waitingBytes > 0) yield joined(waiting, waitingBytes);
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
