#!/usr/bin/env node
/** Command line → command. The one place that looks which runtime this is. */
import { commandNamed, commands } from "./command/command.ts";
import { programName, readArguments } from "./config/arguments.ts";
import { readConfig } from "./config/config.ts";
import { ConfigError, describeError } from "./errors.ts";
import type { Platform } from "./platform.ts";
import { version } from "./version.ts";

const { platform }: { platform: Platform } = await ("Bun" in globalThis
  ? import("./runtime/bun.ts")
  : "Deno" in globalThis
    ? import("./runtime/deno.ts")
    : import("./runtime/node.ts"));

platform.exit(await run(platform));

async function run({ args, env, name, writeOut, writeErr }: Platform): Promise<number> {
  try {
    const asked = readArguments({ args, commands, version: `${programName} ${version} (${name})` });
    if (asked.kind === "print") {
      writeOut(asked.text);
      return 0;
    }
    const config = readConfig(asked.texts, env);
    const { load } = commandNamed(asked.command ?? "serve");
    return await (await load())(config, platform, asked.ownTexts);
  } catch (error) {
    writeErr(`${programName}: ${describeError(error)}\n`);
    return error instanceof ConfigError ? error.exitCode : 1;
  }
}
