/** Writing to standard output and error so that the text has left the process before it ends. */

const encoder = new TextEncoder();
const pauseMs = 5;
const patienceMs = 1_000;

/**
 * Hands all of `text` to `writeSome`, which answers how many bytes it took. Waits for a slow reader, for at
 * most a second, and drops the text where nobody can read it: a log that stalls must not stop the program.
 */
export function writeFully(text: string, writeSome: (bytes: Uint8Array) => number): void {
  const bytes = encoder.encode(text);
  let waitedMs = 0;
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += writeSome(bytes.subarray(sent));
    } catch (error) {
      const full = (error as { code?: unknown }).code === "EAGAIN";
      if (!full || waitedMs >= patienceMs) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
      waitedMs += pauseMs;
    }
  }
}
