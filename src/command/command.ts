/** The commands there are. Each is loaded when it is asked for, so that --help needs none of them. */
import type { Config } from "../config/config.ts";
import type { Platform } from "../platform.ts";

/** Runs to its end and answers the exit code. Rejects with a ConfigError when it cannot start. */
export type RunCommand = (config: Config, platform: Platform) => Promise<number>;

export interface Command {
  readonly name: string;
  readonly help: string;
  readonly load: () => Promise<RunCommand>;
}

export const commands: readonly Command[] = [
  {
    name: "serve",
    help: "receive remote write and archive it (the default)",
    load: async () => (await import("./serve.ts")).serve,
  },
];
