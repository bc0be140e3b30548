/** Runs one command in a process group of its own, with a deadline, and leaves nothing of it behind. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

export interface Finished {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** stdout and stderr as they came. */
  readonly output: string;
  readonly seconds: number;
  readonly timedOut: boolean;
  /** Whether processes that the command started were still there after it, and had to be killed. */
  readonly leftProcesses: boolean;
}

const liveGroups = new Set<number>();
/** What the group is given to end after its leader has, in ms. */
const lingeringMs = 3_000;

/** Starts `command` with `cwd` as folder, and ends it with all it started when `timeoutMs` have passed. */
export async function runCommand(
  command: readonly string[],
  { cwd, timeoutMs, env }: { cwd: string; timeoutMs: number; env: NodeJS.ProcessEnv },
): Promise<Finished> {
  const startedMs = performance.now();
  const [program = "", ...args] = command;
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const { pid } = child;
  if (pid !== undefined) liveGroups.add(pid);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    signalGroup(pid, "SIGKILL");
  }, timeoutMs);
  const { exitCode, signal } = await ended(child, chunks);
  clearTimeout(timer);
  const leftProcesses = !timedOut && !(await groupEnds(pid));
  signalGroup(pid, "SIGKILL");
  if (pid !== undefined) liveGroups.delete(pid);
  const seconds = (performance.now() - startedMs) / 1000;
  return { exitCode, signal, output: Buffer.concat(chunks).toString(), seconds, timedOut, leftProcesses };
}

/** Kills all that is still running: for an interrupted run. */
export function killEverything(): void {
  for (const group of liveGroups) signalGroup(group, "SIGKILL");
}

function ended(child: ReturnType<typeof spawn>, chunks: Buffer[]) {
  return new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.on("error", (error) => {
      chunks.push(Buffer.from(`cannot start: ${error.message}\n`));
      resolve({ exitCode: null, signal: null });
    });
    // "exit" and not "close": a process left behind holds the pipes open. What is buffered gets a moment to arrive.
    child.on("exit", (exitCode, signal) => {
      const done = () => resolve({ exitCode, signal });
      const timer = setTimeout(done, 500);
      child.on("close", () => {
        clearTimeout(timer);
        done();
      });
    });
  });
}

async function groupEnds(pid: number | undefined): Promise<boolean> {
  for (const deadlineMs = performance.now() + lingeringMs; performance.now() < deadlineMs; await sleep(50)) {
    if (!signalGroup(pid, 0)) return true;
  }
  return false;
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
