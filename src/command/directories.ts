import type { Config } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import { isWithin } from "../sink/file/nesting.ts";

/** Throws a ConfigError where one of our directories would get in the way of another. */
export function assertDirectoriesApart({ sink, spoolDirectory: spool, quarantineDirectory }: Config): void {
  if (spool === undefined) return;
  const shown = `--spool-dir ${JSON.stringify(spool)}`;
  if (sink.kind === "file") {
    // Whoever reads, copies or cleans up the archive would come upon the spool.
    const archive = sink.directory;
    assertApart(shown, spool, `the archive file:${archive}`, archive);
  }
  assertApart(shown, spool, `--quarantine-dir ${JSON.stringify(quarantineDirectory)}`, quarantineDirectory);
}

function assertApart(spoolShown: string, spool: string, otherShown: string, other: string): void {
  const how = isWithin(spool, other)
    ? isWithin(other, spool)
      ? "is the same directory as"
      : "is inside"
    : isWithin(other, spool)
      ? "contains"
      : undefined;
  if (how === undefined) return;
  throw new ConfigError(2, `${spoolShown} ${how} ${otherShown}: give the spool a directory of its own`);
}
