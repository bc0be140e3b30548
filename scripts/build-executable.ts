/** One self-contained executable: the bundled source, its source map, and a Bun runtime. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface ExecutableOptions {
  /** The Bun that builds. */
  readonly bun: string;
  readonly outfile: string;
  /** As `bun build --target` wants it; undefined: this machine's. */
  readonly bunTarget?: string;
  /** The Bun that goes into the executable; undefined: the one that builds, or what `bun build` fetches. */
  readonly runtime?: string;
  readonly commit: string | undefined;
  /** Parsed now and not at each start: listening after 63 ms in place of 179, for 7 MB more. */
  readonly bytecode: boolean;
}

/** Builds; answers the folders of the packages in the bundle, `node_modules/hono`, sorted. Throws when Bun fails. */
export function buildExecutable(root: string, options: ExecutableOptions): readonly string[] {
  const { bun, outfile, bunTarget, runtime, commit } = options;
  const args = [
    ...["build", "--compile", join(root, "src/main.ts"), `--outfile=${outfile}`],
    // Names stay and the source map goes along, so that a stack trace from the field can be read.
    ...["--minify", "--keep-names", "--sourcemap"],
    ...(options.bytecode ? ["--bytecode", "--format=esm"] : []),
    // Only flags and the environment configure the program, not what lies in the directory it is started in.
    ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
    ...(bunTarget === undefined ? [] : [`--target=${bunTarget}`]),
    ...(runtime === undefined ? [] : [`--compile-executable-path=${runtime}`]),
    ...(commit === undefined ? [] : ["--define", `BUILD_COMMIT=${JSON.stringify(commit)}`]),
  ];
  const { status, error } = spawnSync(bun, args, { cwd: root, stdio: "inherit" });
  if (error !== undefined) throw new Error(`cannot run ${bun}: run npm ci first`, { cause: error });
  if (status !== 0) throw new Error(`bun build ended with ${status}`);
  // The executable holds the map; the file beside it tells what went in.
  const map = `${outfile}.map`;
  const { sources } = JSON.parse(readFileSync(map, "utf8")) as { readonly sources: readonly string[] };
  rmSync(map);
  return bundledFolders(sources);
}

/** The package folders that the sources of a source map come from. */
export function bundledFolders(sources: readonly string[]): readonly string[] {
  const folders = sources.flatMap((source) => {
    // A greedy match: of a package inside another one it is the inner.
    const found = /(?:^|\/)(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(source);
    return found?.[1] === undefined ? [] : [found[1]];
  });
  return [...new Set(folders)].sort((one, other) => (one < other ? -1 : 1));
}

/** The short commit of the work tree, `-dirty` when it was changed since; undefined outside a work tree. */
export function readCommit(root: string): string | undefined {
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--dirty", "--exclude=*"], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** When the work tree's commit was made, or now: what is built from one commit says the same time each time. */
export function readCommitTime(root: string): Date {
  const { status, stdout } = spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" });
  return status === 0 && /^\d+$/.test(stdout.trim()) ? new Date(Number(stdout) * 1000) : new Date();
}
