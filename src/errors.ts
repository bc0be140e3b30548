/** The errors a caller can act on. Each says the action that failed and the values; `cause` keeps the origin. */

/** Bytes that are not what their format says: the sender must change them. Answered with 400. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

/** A request the receiver refuses for a reason the sender can read, with the HTTP status that says so. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: 400 | 405 | 413 | 415;

  constructor(status: 400 | 405 | 413 | 415, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** No room for more pending bytes, or the program is draining: try again after `retryAfterMs`. Answered with 503. */
export class OverloadedError extends Error {
  override readonly name = "OverloadedError";
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** A sink did not make the lines durable in time. Answered with 503: the sender keeps them and tries again. */
export class SinkError extends Error {
  override readonly name = "SinkError";
  /** Short and bounded, fit for a metric label: `throttled`, `timeout`, an AWS error code. */
  readonly reason: string;
  /** How long the service asked to wait, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, message: string, options?: ErrorOptions & { readonly retryAfterMs?: number }) {
    super(message, options);
    this.reason = reason;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** The sink refuses single lines for good; they are in quarantine, all others durable. Answered with 400. */
export class RefusedLinesError extends Error {
  override readonly name = "RefusedLinesError";
  /** The refused lines, `\n` included. */
  readonly lines: readonly Uint8Array[];

  constructor(message: string, lines: readonly Uint8Array[], options?: ErrorOptions) {
    super(message, options);
    this.lines = lines;
  }
}

/** The program cannot start as it is configured. `exitCode` 2: the command line is wrong; 1: the surroundings are. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/**
 * The text of anything thrown, with the chain of causes: `cannot put: fetch failed: connection refused`. A message that
 * quotes its cause has said what there is to say: the chain ends there.
 */
export function describeError(error: unknown): string {
  const own = ownText(error);
  if (!(error instanceof Error) || error.cause === undefined || own.includes(ownText(error.cause)))
    return own;
  return `${own}: ${describeError(error.cause)}`;
}

/** A text that somebody typed, for an error: what stands before the host of a URL is a password. */
export function withoutUserInfo(text: string): string {
  return text.replace(/\/\/[^\s]*@/g, "//…@");
}

function ownText(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
