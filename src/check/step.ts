/** What a check says of one link of the chain. Steps are values: whoever runs the chain prints them. */

export type StepStatus = "ok" | "warning" | "failed" | "skipped";

export interface Step {
  /** Short and stable, for programs that read them: `credentials`, `put`. */
  readonly name: string;
  readonly status: StepStatus;
  /** What was found, with the values; may have several lines. No secrets. */
  readonly message: string;
  /** What to do about it. */
  readonly todo?: string;
}

/** The steps of one link; what it returns is for the next one. */
export type Steps<T = void> = AsyncGenerator<Step, T, undefined>;

export function ok(name: string, message: string): Step {
  return { name, status: "ok", message };
}

/** It works, but not as well or not as surely as it could; or nothing could be found out. */
export function warning(name: string, message: string, todo: string): Step {
  return { name, status: "warning", message, todo };
}

export function failed(name: string, message: string, todo: string): Step {
  return { name, status: "failed", message, todo };
}

export function skipped(name: string, message: string, todo?: string): Step {
  return { name, status: "skipped", message, ...(todo === undefined ? {} : { todo }) };
}
