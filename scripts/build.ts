/**
 * `npm run build`: one self-contained executable, by default dist/prometheus-remote-kinesis for this machine.
 * `--outfile PATH` puts it elsewhere, `--target bun-linux-arm64` and the like build it for another machine.
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const { values } = parseArgs({
  options: {
    outfile: { type: "string", default: join(root, "dist/prometheus-remote-kinesis") },
    target: { type: "string" },
  },
});

const commit = readCommit();
run(join(root, "node_modules/.bin/bun"), [
  "build",
  "--compile",
  join(root, "src/main.ts"),
  `--outfile=${values.outfile}`,
  // Names stay and the source map goes along, so that a stack trace from the field can be read.
  "--minify",
  "--keep-names",
  "--sourcemap",
  // Only flags and the environment configure the program, not what lies in the directory it is started in.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  ...(values.target === undefined ? [] : [`--target=${values.target}`]),
  ...(commit === undefined ? [] : ["--define", `BUILD_COMMIT=${JSON.stringify(commit)}`]),
]);
const megabytes = (statSync(values.outfile).size / 1e6).toFixed(1);
console.log(`built ${values.outfile} (${megabytes} MB${commit === undefined ? "" : `, commit ${commit}`})`);

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error !== undefined) throw new Error(`cannot run ${command}: run npm ci first`, { cause: error });
  if (status !== 0) process.exit(status ?? 1);
}

/** The short commit of the work tree, `-dirty` when it was changed since; undefined outside a work tree. */
function readCommit(): string | undefined {
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--dirty", "--exclude=*"], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : undefined;
}
