/**
 * `deno task build`: one self-contained executable by `deno compile`, in dist/ or at `--outfile PATH`. Deno downloads
 * its `denort` runtime for it (once per version; `DENORT_BIN` names one that is already there), so this needs a
 * network where `npm run build` needs none.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: true; readonly optional?: true; readonly devOptional?: true }>
  >;
}

const root = join(import.meta.dirname, "..");
const { values } = parseArgs({
  options: { outfile: { type: "string", default: join(root, "dist/prometheus-remote-kinesis-deno") } },
});

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
// Deno embeds the whole of node_modules unless told otherwise.
const excluded = Object.entries(lock.packages)
  .filter(([, { dev, optional, devOptional }]) => dev || optional || devOptional)
  .map(([path]) => path);
// Deno 2.9.5 overflows its stack on a 2 MB file of test data in a dependency of prom-client.
excluded.push("node_modules/.bin", "node_modules/bintrees/test");

const { status, error } = spawnSync(
  join(root, "node_modules/.bin/deno"),
  [
    "compile",
    "--allow-all",
    "--no-check",
    ...excluded.map((path) => `--exclude=${path}`),
    `--output=${values.outfile}`,
    "src/main.ts",
  ],
  { cwd: root, stdio: "inherit" },
);
if (error !== undefined) throw new Error("cannot run deno: run npm ci first", { cause: error });
process.exit(status ?? 1);
