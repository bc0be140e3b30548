const slotMs = 250;
const slots = 8;
const windowMs = slotMs * slots;
/** A rate over less time than this says little. */
const spanMinMs = 1_000;

/** How many bytes a second became durable of late, while there was something to put. */
export class DeliveredRate {
  private readonly bytes = new Float64Array(slots);
  private readonly slotNumbers = new Float64Array(slots).fill(-1);
  private busySinceMs = 0;
  private lastEndMs = Number.NEGATIVE_INFINITY;

  /** A put from `startedMs` to `nowMs` made so many bytes durable. */
  add(startedMs: number, nowMs: number, bytes: number): void {
    if (startedMs - this.lastEndMs > windowMs) this.busySinceMs = startedMs;
    this.lastEndMs = nowMs;
    const number = Math.floor(nowMs / slotMs);
    const at = number % slots;
    if (this.slotNumbers[at] !== number) {
      this.slotNumbers[at] = number;
      this.bytes[at] = 0;
    }
    this.bytes[at]! += bytes;
  }

  bytesPerSecond(nowMs: number): number {
    const current = Math.floor(nowMs / slotMs);
    let sum = 0;
    for (let at = 0; at < slots; at++) if (this.slotNumbers[at]! > current - slots) sum += this.bytes[at]!;
    const spanMs = Math.min(windowMs, Math.max(spanMinMs, nowMs - this.busySinceMs));
    return (sum / spanMs) * 1000;
  }
}
