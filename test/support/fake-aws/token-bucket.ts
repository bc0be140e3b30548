/** What may be taken a second: full at first, filled again by time, never above one second's worth. */
export interface TokenBucket {
  /** Takes `amount`, or nothing when there is not enough. */
  take(amount: number): boolean;
}

export function createTokenBucket(perSecond: number, monotonicMs: () => number): TokenBucket {
  let left = perSecond;
  let atMs = monotonicMs();
  return {
    take(amount) {
      const nowMs = monotonicMs();
      left = Math.min(perSecond, left + ((nowMs - atMs) / 1000) * perSecond);
      atMs = nowMs;
      if (left < amount) return false;
      left -= amount;
      return true;
    },
  };
}
