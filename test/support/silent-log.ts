import type { Log } from "../../src/log.ts";

const silent = () => undefined;

/** For tests that look at what happens, not at what is said. */
export const silentLog: Log = { debug: silent, info: silent, warn: silent, error: silent };
