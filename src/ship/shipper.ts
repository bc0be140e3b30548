/** What empties the spool, behind the ack. One way for sinks that take records, one for sinks that take objects. */
export interface Shipper {
  /** Bytes of lines made durable by the sink, or kept in the quarantine, since the start. */
  readonly shippedBytes: number;
  /** What keeps everything from the sink until someone changes something; undefined: nothing is known to. */
  readonly blocked: Obstacle | undefined;
  /**
   * Nothing more comes into the spool: ships what is in it without waiting for company, until it is empty or
   * `timeoutMs` (may be Infinity) are over, then keeps the cursor and puts nothing more. What is left is for the next
   * start. Called once more, the earlier end counts; all calls resolve together, and none rejects.
   */
  stop(timeoutMs: number): Promise<void>;
}

/** Why nothing gets through. */
export interface Obstacle {
  readonly reason: string;
  readonly message: string;
  /** Since when, in ms since the epoch. */
  readonly sinceMs: number;
}
