/** The command line as texts: which command, which flags. What the texts mean is config.ts. */
import { Command, CommanderError, Option } from "commander";
import { ConfigError } from "../errors.ts";
import { environmentName, type Flag, type FlagName, flagNames, flags } from "./flags.ts";

export const programName = "prometheus-remote-kinesis";

export interface CommandInfo {
  /** One word, or two: `spool inspect`. */
  readonly name: string;
  readonly help: string;
  /** Flags of this command alone, besides those of all commands. */
  readonly flags?: Flags | undefined;
}

type Flags = Readonly<Record<string, Flag<unknown>>>;

export type Arguments =
  | { readonly kind: "print"; readonly text: string }
  | {
      readonly kind: "run";
      /** The name of one of the commands; undefined: none was given. */
      readonly command: string | undefined;
      readonly texts: ReadonlyMap<FlagName, string>;
      /** The command's own flags. */
      readonly ownTexts: ReadonlyMap<string, string>;
    };

interface ArgumentsOptions {
  readonly args: readonly string[];
  /** The whole text that --version prints. */
  readonly version: string;
  readonly commands: readonly CommandInfo[];
}

/**
 * Sorts `args` into command and flags, or answers the text that --help or --version asks for. Throws a ConfigError of
 * one line for what is no command or no flag.
 */
export function readArguments({ args, version, commands }: ArgumentsOptions): Arguments {
  const printed: string[] = [];
  const texts = new Map<string, string>();
  const ownFlags: Flags = Object.assign({}, ...commands.map((command) => command.flags));
  const { spelled, words } = spellAsLongFlags(args, { ...flags, ...ownFlags });
  const named = commands.find(({ name }) => `${words.join(" ")} `.startsWith(`${name} `));
  const program = describeProgram(version, commands, named)
    .exitOverride()
    .configureOutput({ writeOut: (text) => printed.push(text), writeErr: () => {} });
  for (const [name, flag] of Object.entries(named?.flags ?? {})) program.addOption(option(name, flag, texts));
  for (const name of flagNames) program.addOption(option(name, flags[name], texts, environmentName(name)));
  for (const [name, flag] of Object.entries(ownFlags)) {
    if (named?.flags?.[name] === undefined) program.addOption(option(name, flag, texts).hideHelp());
  }
  try {
    program.parse(spelled, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "print", text: printed.join("") };
    throw new ConfigError(2, `${oneLine(error.message)}; --help lists what there is`);
  }
  const command = readCommand(program.args, commands);
  const ownTexts = new Map<string, string>();
  for (const name of Object.keys(ownFlags)) {
    const text = texts.get(name);
    if (text === undefined) continue;
    texts.delete(name);
    if (named?.flags?.[name] === undefined) throw new ConfigError(2, notItsFlag(name, command, commands));
    ownTexts.set(name, text);
  }
  return { kind: "run", command, texts: texts as Map<FlagName, string>, ownTexts };
}

function notItsFlag(flag: string, command: string | undefined, commands: readonly CommandInfo[]): string {
  const owners = commands.filter((each) => each.flags?.[flag] !== undefined).map(({ name }) => name);
  return `--${flag} is a flag of ${owners.join(", ")}, not of ${command ?? commands[0]?.name}`;
}

/** The command that the words outside the flags name. */
function readCommand(words: readonly string[], commands: readonly CommandInfo[]): string | undefined {
  const [first, second] = words;
  if (first === undefined) return undefined;
  const names = commands.map(({ name }) => name);
  const group = names.filter((name) => name.startsWith(`${first} `));
  if (group.length > 0 && second === undefined) {
    throw new ConfigError(2, `${JSON.stringify(first)} is half a command: there are ${group.join(", ")}`);
  }
  const name = group.length > 0 ? `${first} ${second}` : first;
  if (!names.includes(name)) {
    const known = (group.length > 0 ? group : names).join(", ");
    const all = group.length > 0 ? `the ${first} commands` : "the commands";
    throw new ConfigError(2, `unknown command ${JSON.stringify(name)}: ${all} are ${known}`);
  }
  const surplus = words[group.length > 0 ? 2 : 1];
  if (surplus !== undefined) {
    const found = `${JSON.stringify(surplus)} comes behind ${name}`;
    throw new ConfigError(
      2,
      `too many arguments: ${found}, which takes flags only; --help lists what there is`,
    );
  }
  return name;
}

const purpose = "Receives Prometheus remote write and archives every sample as a line of JSON.";

function asSentence(help: string): string {
  return `${help.charAt(0).toUpperCase()}${help.slice(1)}.`;
}

function describeProgram(
  version: string,
  commands: readonly CommandInfo[],
  named: CommandInfo | undefined,
): Command {
  const nameWidth = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, help }) => `  ${name.padEnd(nameWidth)}  ${help}`).join("\n");
  const withFlags = commands.flatMap((each) => (each.flags === undefined ? [] : [`${each.name} --help`]));
  return new Command(programName)
    .usage(`${named?.name ?? "[command]"} [flags]`)
    .argument("[command...]")
    .helpOption("-h, --help", "print this and exit")
    .version(version, "-V, --version", "print version and runtime and exit")
    .configureHelp({
      visibleArguments: () => [],
      styleTitle: (title) => title.replace("Options", "Flags"),
      helpWidth: 110,
    })
    .addHelpText("before", `${named === undefined ? purpose : asSentence(named.help)}\n`)
    .addHelpText(
      "after",
      `\nCommands:\n${list}\n\nA flag wins over its environment variable.` +
        " -flag, -flag=value and --flag=value work as well." +
        "\nDurations: 200ms, 10s, 1m30s. Byte sizes: 1000000, 64KiB, 4MB." +
        (withFlags.length > 0 && named === undefined
          ? `\nFlags of one command alone: ${withFlags.join(", ")}.`
          : ""),
    );
}

function option(
  name: string,
  { placeholder, help, default: preset }: Flag<unknown>,
  texts: Map<string, string>,
  environment?: string,
): Option {
  const notes = [
    preset === undefined ? "" : `default ${preset}`,
    environment === undefined ? "" : `$${environment}`,
  ];
  const noted = notes.filter(Boolean).join(", ");
  const spelled = placeholder === undefined ? `--${name} [true|false]` : `--${name} <${placeholder}>`;
  return new Option(spelled, noted === "" ? help : `${help} (${noted})`).argParser((text: string) => {
    if (texts.has(name)) throw new ConfigError(2, `--${name} is given twice: choose one`);
    texts.set(name, text);
    return text;
  });
}

/**
 * Go's flag package takes `-stream-name X` and `-firehose`; commander wants two dashes and `=true`. `words` are what is
 * no flag and no flag's value.
 */
function spellAsLongFlags(
  args: readonly string[],
  known: Flags,
): { readonly spelled: string[]; readonly words: readonly string[] } {
  let valueFollows = false;
  const words: string[] = [];
  const spelled = args.map((arg) => {
    const [, name, value] = (valueFollows ? undefined : /^--?([a-z][a-z0-9-]+)(=.*)?$/s.exec(arg)) ?? [];
    if (name === undefined && !valueFollows && !arg.startsWith("-")) words.push(arg);
    valueFollows = false;
    if (name === undefined) return arg;
    const flag = Object.hasOwn(known, name) ? known[name] : undefined;
    if (flag !== undefined && flag.placeholder === undefined) return `--${name}${value ?? "=true"}`;
    valueFollows = flag !== undefined && value === undefined;
    return `--${name}${value ?? ""}`;
  });
  return { spelled, words };
}

function oneLine(message: string): string {
  return (
    message
      .replace(/^error: /, "")
      // The value of a flag there is not, such as AWS' keys are given to other programs.
      .replace(/'(--?[\w-]+)=.*?'/, "'$1'")
      .replace(/\boption\b/g, "flag")
      .replace(/\s*\n\s*/g, " ")
      .replace(/\.?\s*$/, "")
  );
}
