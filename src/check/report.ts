/** How the steps of a check are told: line by line as they come, or as one JSON document at the end. */
import type { Step, StepStatus } from "./step.ts";

const statuses: readonly StepStatus[] = ["ok", "warning", "failed", "skipped"];
/** The longest status and the longest name of a step, with two blanks. */
const statusColumns = 9;
const nameColumns = 21;

/** One step for a person to read, `\n` at the end; further lines are indented. */
export function stepText({ name, status, message, todo }: Step): string {
  const indent = " ".repeat(statusColumns);
  const [first = "", ...more] = message.split("\n");
  const lines = [`${status.padEnd(statusColumns)}${name.padEnd(nameColumns)}${first}`];
  for (const line of more) lines.push(`${indent}${line}`);
  if (todo !== undefined) for (const line of `to do: ${todo}`.split("\n")) lines.push(`${indent}${line}`);
  return `${lines.join("\n")}\n`;
}

/** The last line: `12 steps: 10 ok, 1 warning, 1 skipped`. */
export function sumText(steps: readonly Step[]): string {
  const counts = statuses
    .map((status) => [status, countOf(steps, status)] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}${status === "warning" && count > 1 ? "s" : ""}`);
  return `${steps.length} ${steps.length === 1 ? "step" : "steps"}: ${counts.join(", ")}\n`;
}

/** Whether no step failed; warnings are allowed. */
export function isPassed(steps: readonly Step[]): boolean {
  return countOf(steps, "failed") === 0;
}

/** The whole report as one JSON document, `\n` at the end. */
export function reportJson(program: string, steps: readonly Step[]): string {
  const counts = Object.fromEntries(statuses.map((status) => [status, countOf(steps, status)]));
  return `${JSON.stringify({ ok: isPassed(steps), program, counts, steps }, undefined, 2)}\n`;
}

function countOf(steps: readonly Step[], status: StepStatus): number {
  return steps.filter((step) => step.status === status).length;
}
