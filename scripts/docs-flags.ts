/** `npm run docs:flags` writes docs/flags.md from the flags that --help is made of as well. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../src/command/command.ts";
import { environmentName, type Flag, flags } from "../src/config/flags.ts";
import { ValueError } from "../src/config/values.ts";

type Flags = Readonly<Record<string, Flag<unknown>>>;

const head = `# Flags

Written by \`npm run docs:flags\` from what \`prometheus-remote-kinesis --help\` is made of; a test holds the two
together.

- A flag wins over its environment variable. An empty variable counts as not given.
- \`--flag value\`, \`--flag=value\`, \`-flag value\` and \`-flag=value\` are the same. A flag without a value is true.
- Durations are written \`200ms\`, \`10s\`, \`1m30s\`; byte sizes \`1000000\`, \`64KiB\` (1,024), \`4MB\` (1,000,000).
- A value that is out of bounds, a flag given twice, and two flags that contradict each other end the program with exit
  code 2 and one line that says what is allowed.
- AWS' own settings come from where AWS' programs look for them: \`AWS_REGION\`, \`AWS_PROFILE\`, \`AWS_ENDPOINT_URL\`,
  \`AWS_ENDPOINT_URL_KINESIS\` (\`_FIREHOSE\`, \`_S3\`, \`_STS\`), \`~/.aws/config\`, \`~/.aws/credentials\`, and
  the roles of instances, containers and pods.
- \`--help\` and \`--version\` print and end.
`;

/** The page, ended by a line break. */
export function flagsPage(): string {
  const own = commands.flatMap(({ name, help, flags: ownFlags }) =>
    ownFlags === undefined ? [] : [`## Of \`${name}\` alone\n\nTo ${help}.\n\n${table(ownFlags, false)}`],
  );
  const list = commands.map(({ name, help }) => `| \`${name}\` | ${cell(help)} |`);
  return [
    head,
    `## Commands\n\n| command | what it does |\n| --- | --- |\n${list.join("\n")}\n`,
    `## Of all commands\n\n${table(flags, true)}`,
    ...own,
  ].join("\n");
}

/** One row per flag, as `flagRow` makes it. */
function table(of: Flags, hasEnvironment: boolean): string {
  const columns = ["flag", ...(hasEnvironment ? ["variable"] : []), "default", "allowed", "meaning"];
  const rows = Object.entries(of).map(([name, flag]) => {
    const variable = hasEnvironment ? [`\`${environmentName(name)}\``] : [];
    const preset = flag.default === undefined ? "" : `\`${flag.default}\``;
    // The help of a command's own flag begins with the command, which is the title here.
    const help = hasEnvironment ? flag.help : flag.help.replace(/^[a-z]+: /, "");
    return [spelled(name, flag), ...variable, preset, allowed(flag), cell(help)];
  });
  return [columns, columns.map(() => "---"), ...rows].map((each) => `| ${each.join(" | ")} |\n`).join("");
}

function spelled(name: string, { placeholder }: Flag<unknown>): string {
  const isChoice = placeholder?.includes("|") === true && /^[a-z|-]+$/.test(placeholder);
  return `\`--${name}${placeholder === undefined || isChoice ? "" : ` ${cell(placeholder)}`}\``;
}

/** More than any flag takes. Its reader then says between what it has to be. */
const tooMuch = ["999999999h", "999999GiB", "999999999", "999999999999"];

function allowed({ placeholder, read }: Flag<unknown>): string {
  if (placeholder === undefined) return "`true`, `false`";
  if (/^[a-z]+(\|[a-z-]+)+$/.test(placeholder)) return placeholder.split("|").map(quoted).join(", ");
  if (!/^(DURATION|BYTES|N)$/.test(placeholder)) return "";
  const bounds = tooMuch.map((text) => boundsIn(read, text)).find((each) => each !== undefined);
  if (bounds === undefined) throw new RangeError(`a ${placeholder} that takes everything`);
  return bounds.map(quoted).join(" to ");
}

function boundsIn(read: Flag<unknown>["read"], text: string): readonly string[] | undefined {
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return /^between (\S+) and (\S+)$/.exec(error.message)?.slice(1);
  }
  return undefined;
}

function quoted(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, "../docs/flags.md"), flagsPage());
}
