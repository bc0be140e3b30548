/** The flags of `check` alone. They have no environment variables: a check is asked for once. */
import type { Flag } from "./flags.ts";
import { matching, readBoolean } from "./values.ts";

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
  "delivery-stream": {
    placeholder: "NAME",
    help: "check: the Firehose that reads from the Kinesis stream, to look at it as well",
    default: undefined,
    read: matching(/^[a-zA-Z0-9_.-]{1,64}$/, "the name of a delivery stream: 1 to 64 of a-zA-Z0-9_.-"),
  },
  "prometheus-url": {
    placeholder: "URL",
    help: "check: base URL of the Prometheus that sends, to see whether it does and whether it keeps up",
    default: undefined,
    // A URL with a password is not to be quoted when it is wrong: the command reads it.
    read: (text: string) => text,
  },
} as const satisfies Record<string, Flag<unknown>>;
