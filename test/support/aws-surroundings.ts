/** A home, files and environment of its own for a test, so that it does not see those of the machine. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

export interface Surroundings {
  readonly directory: string;
  /** What the process' environment holds as well: the SDK's chain reads it there. */
  readonly env: Record<string, string>;
  /** Writes a file into the directory; answers with its path. */
  write(name: string, text: string): Promise<string>;
}

/** Runs `run` where only `variables` of all AWS_* are set and HOME is an empty directory. */
export async function inSurroundings(
  variables: Readonly<Record<string, string>>,
  run: (surroundings: Surroundings) => Promise<void>,
): Promise<void> {
  const before = { ...process.env };
  const directory = await mkdtemp(join(tmpdir(), "prk-aws-"));
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  const env: Record<string, string> = { AWS_EC2_METADATA_DISABLED: "true", ...variables, HOME: directory };
  const expanded = Object.entries(env).map(
    ([name, value]) => [name, value.replaceAll("$DIR", directory)] as const,
  );
  Object.assign(env, Object.fromEntries(expanded));
  Object.assign(process.env, env);
  try {
    await run({
      directory,
      env,
      async write(name, text) {
        const path = join(directory, name);
        await writeFile(path, text, { mode: 0o700 });
        return path;
      },
    });
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
    await rm(directory, { recursive: true, force: true });
  }
}
