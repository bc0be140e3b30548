/** What the fake has seen: calls, answers, problems. */
import type { FakeService } from "./fault.ts";

export interface Tally {
  /** By `service.Operation`. */
  readonly calls: Record<string, number>;
  /** By `service.Operation status code`; no code where it was carried out. */
  readonly answers: Record<string, number>;
  bytesIn: number;
  /** Records and calls that were told to slow down, on command or by the limits. */
  throttled: number;
  /** What a correct client never causes; the first hundred. */
  readonly problems: string[];
  problemsTotal: number;
}

const problemsMax = 100;

export function createTally(): Tally {
  return { calls: {}, answers: {}, bytesIn: 0, throttled: 0, problems: [], problemsTotal: 0 };
}

export function addProblem(tally: Tally, problem: string): void {
  tally.problemsTotal++;
  if (tally.problems.length < problemsMax) tally.problems.push(problem);
}

export function countCall(tally: Tally, service: FakeService, operation: string): void {
  const name = `${service}.${operation}`;
  tally.calls[name] = (tally.calls[name] ?? 0) + 1;
}

export function countAnswer(tally: Tally, service: FakeService, operation: string, outcome: string): void {
  const name = `${service}.${operation} ${outcome}`;
  tally.answers[name] = (tally.answers[name] ?? 0) + 1;
}
