/** The command lines of our program in a shell block, and whether the program takes them. */
import { commands } from "../../src/command/command.ts";
import { readArguments } from "../../src/config/arguments.ts";
import { readConfig } from "../../src/config/config.ts";
import { readOwnFlag } from "../../src/config/own-flag.ts";
import type { DocumentedBlock } from "../support/documented.ts";

/** The commands of a block: those behind a prompt where there is one, else the whole text. */
export function commandsOf({ language, text }: Pick<DocumentedBlock, "language" | "text">): string {
  if (!/^(?:console|)$/.test(language) || !/^\$ /m.test(text)) return text;
  return [...text.matchAll(/^\$ (.*)$/gm)].map(([, command]) => `${command}\n`).join("");
}

/** The words behind the program's name, for each time it is called in `text`. */
export function callsIn(text: string): readonly (readonly string[])[] {
  const joined = text.replaceAll(/\\\n\s*/g, " ").replaceAll(/^\s*#.*$/gm, "");
  const call =
    /(?:^|[|;(&]\s*)\s*(?:(?:dist\/)?prometheus-remote-kinesis|npm start(?: --)?)(?= |$)([^\n]*)/gm;
  return [...joined.matchAll(call)].map(([, rest = ""]) => wordsOf(rest));
}

/** Up to the end of the command, quotes taken off; a variable is some text. */
function wordsOf(rest: string): readonly string[] {
  const words: string[] = [];
  for (const [, single, double, bare, end] of rest.matchAll(
    /'([^']*)'|"([^"]*)"|([^\s'"|;&()<>#]+)|([|;&()<>#])/g,
  )) {
    if (end !== undefined) break;
    words.push((single ?? double ?? bare ?? "").replaceAll(/\$\{?\w+\}?/g, "some-text"));
  }
  return words;
}

/** Reads a command line as the program does. Throws what the program would end with. */
export function assertTaken(words: readonly string[]): void {
  const asked = readArguments({ args: words, commands, version: "1" });
  if (asked.kind === "print") return;
  readConfig(asked.texts, {});
  const { flags = {} } = commands.find(({ name }) => name === asked.command) ?? {};
  for (const name of asked.ownTexts.keys()) readOwnFlag(flags, name, asked.ownTexts);
}
