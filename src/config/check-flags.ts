/** The flags of `check` alone. They have no environment variables: a check is asked for once. */
import type { Flag } from "./flags.ts";
import { readBoolean } from "./values.ts";

export const checkFlags = {
  health: {
    placeholder: undefined,
    help: "check: only ask the instance that runs here whether it is healthy, for Docker's HEALTHCHECK",
    default: undefined,
    read: readBoolean,
  },
  json: {
    placeholder: undefined,
    help: "check: print one JSON document",
    default: undefined,
    read: readBoolean,
  },
  "put-test-line": {
    placeholder: undefined,
    help: "check: put one marked line into the sink, where nothing less tells whether puts are allowed",
    default: undefined,
    read: readBoolean,
  },
  "prometheus-url": {
    placeholder: "URL",
    help: "check: base URL of the Prometheus that sends, to see whether it does and whether it keeps up",
    default: undefined,
    // A URL with a password is not to be quoted when it is wrong: the command reads it.
    read: (text: string) => text,
  },
} as const satisfies Record<string, Flag<unknown>>;
