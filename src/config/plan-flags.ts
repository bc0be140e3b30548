/** The flags of `plan` alone. They have no environment variables: a question is asked once. */
import type { Flag } from "./flags.ts";
import { count, decimal } from "./values.ts";

export const planFlags = {
  "samples-per-second": {
    placeholder: "N",
    help: "plan: samples of all senders together (needed, unless --from has them)",
    default: undefined,
    read: decimal({ min: "0.01", max: "1000000000" }),
  },
  series: {
    placeholder: "N",
    help: "plan: distinct series",
    default: "10000",
    read: count({ min: "1", max: "100000000" }),
  },
  senders: {
    placeholder: "N",
    help: "plan: Prometheus servers that share the samples",
    default: "1",
    read: count({ min: "1", max: "1000" }),
  },
  from: {
    placeholder: "URL|FILE",
    help: "plan: take bytes a sample, batches and compression from a running instance, or from what its /metrics said",
    default: undefined,
    read: (text: string) => text,
  },
} as const satisfies Record<string, Flag<unknown>>;

export interface PlanFlags {
  readonly samplesPerSecond: number | undefined;
  readonly series: number;
  readonly senders: number;
  /** A URL, or the path of a file. */
  readonly from: string | undefined;
}
