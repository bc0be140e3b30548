/** The far end of each sink: what the program is told to reach it, and what it holds afterwards. */
import { existsSync } from "node:fs";
import { linesOfDirectory } from "../support/sink-lines.ts";

export type SinkKind = "file";

export interface SinkEnd {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Every line it holds. */
  lines(): Promise<readonly string[]>;
  quarantined(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens the far end of a sink; `directory` is the row's own. */
export async function openSinkEnd(_kind: SinkKind, directory: string): Promise<SinkEnd> {
  const archive = `${directory}/archive`;
  return {
    args: ["--sink", `file:${archive}`],
    env: {},
    lines: async () => linesOfDirectory(archive),
    quarantined: async () =>
      existsSync(`${directory}/quarantine`) ? linesOfDirectory(`${directory}/quarantine`) : [],
    close: async () => undefined,
  };
}
