/** The commands there are. Each is loaded when it is asked for, so that --help needs none of them. */
import { checkFlags } from "../config/check-flags.ts";
import type { Config } from "../config/config.ts";
import { ddlFlags } from "../config/ddl-flags.ts";
import type { Flag } from "../config/flags.ts";
import { planFlags } from "../config/plan-flags.ts";
import type { Platform } from "../platform.ts";

/**
 * Runs to its end and answers the exit code; `ownTexts` are the flags of this command alone. Rejects with a ConfigError
 * when it cannot start.
 */
export type RunCommand = (
  config: Config,
  platform: Platform,
  ownTexts: ReadonlyMap<string, string>,
) => Promise<number>;

export interface Command {
  /** One word, or two: `spool inspect`. */
  readonly name: string;
  readonly help: string;
  /** Flags of this command alone, besides those of all commands. */
  readonly flags?: Readonly<Record<string, Flag<unknown>>>;
  readonly load: () => Promise<RunCommand>;
}

export const commands: readonly Command[] = [
  {
    name: "serve",
    help: "receive remote write and archive it (the default)",
    load: async () => (await import("./serve.ts")).serve,
  },
  {
    name: "plan",
    help: "tell what each sink and compression would cost for --samples-per-second N",
    flags: planFlags,
    load: async () => (await import("./plan.ts")).runPlan,
  },
  {
    name: "check",
    help: "test sink, credentials, permissions and directories; say what is wrong and what to do",
    flags: checkFlags,
    load: async () => (await import("./check.ts")).runCheck,
  },
  {
    name: "ddl",
    help: "print the SQL that makes a table of the archive, for Athena or DuckDB",
    flags: ddlFlags,
    load: async () => (await import("./ddl.ts")).runDdl,
  },
  {
    name: "spool inspect",
    help: "tell what is in a spool, also while it is in use",
    load: async () => (await import("./spool-inspect.ts")).inspect,
  },
  {
    name: "spool fsck",
    help: "check every byte of a spool and tell what is damaged",
    load: async () => (await import("./spool-fsck.ts")).fsck,
  },
  {
    name: "spool replay",
    help: "ship what is in a spool, one that a dead host left say, and end",
    load: async () => (await import("./spool-replay.ts")).replay,
  },
  {
    name: "quarantine inspect",
    help: "say which lines the sink refused, and why",
    load: async () => (await import("./quarantine-inspect.ts")).inspect,
  },
  {
    name: "quarantine replay",
    help: "put the lines in quarantine into the sink once more, and end",
    load: async () => (await import("./quarantine-replay.ts")).replay,
  },
];

/** The command with this name, which is known to be one. */
export function commandNamed(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new RangeError(`no command is named ${name}`);
  return command;
}
