/** Reads a flag that one command has alone. */
import { ConfigError, withoutUserInfo } from "../errors.ts";
import type { Flag } from "./flags.ts";
import { ValueError } from "./values.ts";

/** Its value, its default, or undefined. Throws a ConfigError of one line that says what is allowed. */
export function readOwnFlag<F extends Readonly<Record<string, Flag<unknown>>>, N extends keyof F & string>(
  flags: F,
  name: N,
  texts: ReadonlyMap<string, string>,
): ReturnType<F[N]["read"]> | undefined {
  const flag = flags[name]!;
  const text = texts.get(name) ?? flag.default;
  if (text === undefined) return undefined;
  try {
    return flag.read(text) as ReturnType<F[N]["read"]>;
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ConfigError(
      2,
      `--${name} ${JSON.stringify(withoutUserInfo(text).slice(0, 200))} is not ${error.message}`,
    );
  }
}
