/** Says what is in the quarantine: its files, and its lines by the reason the sink gave, each with the last example. */
import type { Config } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import { faultMessage, withFaults } from "../sink/file/fault.ts";
import { systemFiles } from "../sink/file/system.ts";
import {
  type InspectedFile,
  type InspectedQuarantine,
  type InspectedReason,
  inspectQuarantine,
} from "../sink/quarantine/inspect.ts";

const exampleCharsMax = 300;

/** Throws ConfigError (exit code 1) where the quarantine cannot be read; none at all is an empty one. */
export async function inspect(
  { quarantineDirectory }: Pick<Config, "quarantineDirectory">,
  { writeOut }: Pick<Platform, "writeOut">,
): Promise<number> {
  let found: InspectedQuarantine;
  try {
    found = await inspectQuarantine(withFaults(systemFiles), quarantineDirectory);
  } catch (error) {
    const message = `cannot read the quarantine ${quarantineDirectory}: ${faultMessage(error)}`;
    throw new ConfigError(1, message, { cause: error });
  }
  const lines = found.files.reduce((sum, file) => sum + file.lines, 0);
  writeOut(`${quarantineDirectory}: ${counted(lines, "line")} in quarantine\n`);
  for (const file of found.files) writeOut(fileText(file));
  for (const reason of found.reasons) writeOut(reasonText(reason));
  return 0;
}

function fileText({ name, state, bytes, lines, damaged, torn }: InspectedFile): string {
  const parts = [counted(bytes, "byte")];
  if (state === "replayed") parts.push("replayed, may be removed");
  else parts.push(counted(lines, "line"));
  if (state === "replaying") parts.push("a replay was begun");
  if (damaged > 0) parts.push(`${damaged} damaged`);
  if (torn) parts.push("ends inside a line");
  return `  ${name}: ${parts.join(", ")}\n`;
}

function reasonText({ reason, sink, lines, last }: InspectedReason): string {
  const at = new Date(last.timeMs);
  const time = Number.isNaN(at.getTime()) ? "at an unknown time" : at.toISOString();
  const example = new TextDecoder().decode(last.line).trimEnd();
  return [
    `${reason} (${sink}): ${counted(lines, "line")}, the last ${time}`,
    `  ${cut(JSON.stringify(last.message))}`,
    `  ${cut(example)}`,
    "",
  ].join("\n");
}

function cut(text: string): string {
  return text.length > exampleCharsMax ? `${text.slice(0, exampleCharsMax)}…` : text;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
