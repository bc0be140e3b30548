/** Which build this is. */
import about from "../package.json" with { type: "json" };

/** The git commit; scripts/build.ts puts it into the executable, from source it is not known. */
declare const BUILD_COMMIT: string | undefined;

/** `0.1.0`, or `0.1.0+3f2a1bc` in an executable built from a git work tree. */
export const version: string =
  typeof BUILD_COMMIT === "string" ? `${about.version}+${BUILD_COMMIT}` : about.version;
