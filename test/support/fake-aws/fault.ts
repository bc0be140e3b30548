/**
 * What can be made to go wrong with the fake AWS, in code or as JSON by `POST /_fake/faults`. Faults add up: one call
 * meets all that fit it; of two that settle the whole call the older one wins.
 */

export const fakeServices = ["kinesis", "firehose", "s3", "sts", "credentials"] as const;
export type FakeService = (typeof fakeServices)[number];

/** Which calls meet a fault; without any field: all, from now on, until it is ended. */
export interface FaultScope {
  /** Not set: every service. */
  readonly service?: FakeService;
  /** `PutRecords`, `PutObject`, …; not set: every operation. */
  readonly operation?: string | readonly string[];
  /** Fitting calls that pass untouched first. */
  readonly skip?: number;
  /** Calls that meet it; then it is over. */
  readonly count?: number;
  /** Begins this long after it was set. */
  readonly afterMs?: number;
  /** Is over this long after it began. */
  readonly forMs?: number;
  /** Chance in [0, 1] that a fitting call meets it; not set: 1. */
  readonly probability?: number;
  /** Of what is left to chance: the same seed fails the same calls and entries. */
  readonly seed?: number;
}

export type Effect =
  /** Single records fail in an answer with status 200; `stored`: they are stored nevertheless. */
  | {
      readonly kind: "entries";
      /** Chance in [0, 1] of each record; not set: 1. */
      readonly share?: number;
      /** In place of chance and `code`: the codes of a call's records in turn, over and over; "" for none. */
      readonly codes?: readonly string[];
      /** Not set: InternalFailure. */
      readonly code?: string;
      readonly message?: string;
      readonly stored?: boolean;
      /** Only records for these shards. */
      readonly shards?: readonly string[];
    }
  /** The service's own way to say: too fast. `whole`: Kinesis refuses the call, not its records. */
  | { readonly kind: "throttle"; readonly whole?: boolean }
  /** The call fails; `stored`: after it was carried out. Status not set: what the service sends with this code. */
  | {
      readonly kind: "error";
      readonly code: string;
      readonly status?: number;
      readonly message?: string;
      readonly stored?: boolean;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Records whose data, also when compressed, holds `text` are refused: alone, or with their whole call. */
  | {
      readonly kind: "poison";
      readonly text: string;
      readonly scope: "entry" | "call";
      /** Not set: InvalidArgumentException. */
      readonly code?: string;
      readonly message?: string;
    }
  /** No answer, ever; `stored`: the call was carried out. */
  | { readonly kind: "hang"; readonly stored?: boolean }
  /** The answer comes later; the call is carried out at once. */
  | { readonly kind: "slow"; readonly latencyMs: number; readonly jitterMs?: number }
  /** The connection is cut. From `after-storing` on, the call was carried out: its answer is lost. */
  | {
      readonly kind: "reset";
      readonly at: "before-reading" | "mid-body" | "before-storing" | "after-storing" | "mid-answer";
    }
  /** The call is carried out, and then answered with 200 and something else. */
  | { readonly kind: "answer"; readonly form: AnswerForm };

/**
 * `malformed` JSON or XML, `cut` in the middle, `empty`, an `html` page, an array of entries that is one too short or
 * too long or missing, entries that prove nothing, `error` in a 200 as S3's CompleteMultipartUpload does it.
 */
export const answerForms = [
  "malformed",
  "cut",
  "empty",
  "html",
  "fewer-entries",
  "more-entries",
  "no-entries",
  "no-proof",
  "error",
] as const;
export type AnswerForm = (typeof answerForms)[number];

export type Fault = FaultScope & Effect;

/** Happens at once. */
export type Command =
  /** All temporary credentials that were handed out so far are expired from now on. */
  | { readonly kind: "expire-tokens" }
  /** Moves the fake's clock on by this much (back, when negative); adds up. */
  | { readonly kind: "shift-clock"; readonly minutes: number }
  /** Gives a Kinesis stream (not set: every one) other shards; not set: twice as many. */
  | { readonly kind: "reshard"; readonly stream?: string; readonly shards?: number }
  /** Firehose delivers what it holds. */
  | { readonly kind: "deliver" }
  /** Ends all faults; calls that hang or wait stay as they are. */
  | { readonly kind: "clear" };

const effectFields: Readonly<Record<Effect["kind"] | Command["kind"], Readonly<Record<string, string>>>> = {
  entries: {
    share: "number?",
    codes: "strings?",
    code: "string?",
    message: "string?",
    stored: "boolean?",
    shards: "strings?",
  },
  throttle: { whole: "boolean?" },
  error: { code: "string", status: "number?", message: "string?", stored: "boolean?", headers: "object?" },
  poison: { text: "string", scope: "entry|call", code: "string?", message: "string?" },
  hang: { stored: "boolean?" },
  slow: { latencyMs: "number", jitterMs: "number?" },
  reset: { at: "before-reading|mid-body|before-storing|after-storing|mid-answer" },
  answer: { form: answerForms.join("|") },
  "expire-tokens": {},
  "shift-clock": { minutes: "number" },
  reshard: { stream: "string?", shards: "number?" },
  deliver: {},
  clear: {},
};

const scopeFields: Readonly<Record<string, string>> = {
  service: `${fakeServices.join("|")}?`,
  operation: "strings?",
  skip: "number?",
  count: "number?",
  afterMs: "number?",
  forMs: "number?",
  probability: "number?",
  seed: "number?",
};

export const commandKinds = ["expire-tokens", "shift-clock", "reshard", "deliver", "clear"] as const;

/** Whether it happens at once instead of to calls. */
export function isCommand(each: Fault | Command): each is Command {
  return (commandKinds as readonly string[]).includes(each.kind);
}

/** Reads one fault or command from JSON. Throws a TypeError that names the field and what it may be. */
export function readFault(value: unknown): Fault | Command {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`a fault is an object with a kind, not ${JSON.stringify(value)}`);
  }
  const given = value as Readonly<Record<string, unknown>>;
  const kind = String(given["kind"]);
  const own = Object.hasOwn(effectFields, kind) ? effectFields[kind as Effect["kind"]] : undefined;
  if (own === undefined) {
    throw new TypeError(`kind ${JSON.stringify(kind)} is none of ${Object.keys(effectFields).join(", ")}`);
  }
  const fields = { ...((commandKinds as readonly string[]).includes(kind) ? {} : scopeFields), ...own };
  for (const name of Object.keys(given)) {
    if (name !== "kind" && !Object.hasOwn(fields, name)) {
      throw new TypeError(`${kind} has no field ${name}: it has ${Object.keys(fields).join(", ") || "none"}`);
    }
  }
  for (const [name, type] of Object.entries(fields)) {
    if (!isOfType(given[name], type)) {
      throw new TypeError(`${kind}.${name} is ${JSON.stringify(given[name])}, expected ${type}`);
    }
  }
  return given as unknown as Fault | Command;
}

function isOfType(value: unknown, type: string): boolean {
  const optional = type.endsWith("?");
  if (value === undefined) return optional;
  const bare = optional ? type.slice(0, -1) : type;
  if (bare === "number") return typeof value === "number" && Number.isFinite(value);
  if (bare === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  if (bare === "strings") {
    return (
      typeof value === "string" || (Array.isArray(value) && value.every((each) => typeof each === "string"))
    );
  }
  if (bare.includes("|")) return typeof value === "string" && bare.split("|").includes(value);
  return typeof value === bare;
}
