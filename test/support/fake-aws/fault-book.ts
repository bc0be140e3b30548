/** The faults that are set, and what of them one call meets. */
import { seededRandom } from "../seeded-random.ts";
import type { AnswerForm, Effect, FakeService, Fault, FaultScope } from "./fault.ts";
import { inflated } from "./inflated.ts";

export interface FaultHandle {
  readonly id: number;
  readonly fault: Fault;
  /** Calls that met it. */
  hits(): number;
  end(): void;
}

/** A record as faults see it. */
export interface FaultyRecord {
  readonly data: Uint8Array;
  readonly shardId: string;
}

/** How a record fails. */
export interface EntryFault {
  readonly code: string;
  readonly message: string;
  readonly stored: boolean;
}

type EffectOf<K extends Effect["kind"]> = Extract<Effect, { kind: K }>;

/** What one call meets. */
export interface Meeting {
  readonly latencyMs: number;
  readonly reset: EffectOf<"reset">["at"] | undefined;
  readonly hang: EffectOf<"hang"> | undefined;
  readonly error: EffectOf<"error"> | undefined;
  readonly form: AnswerForm | undefined;
  readonly throttle: EffectOf<"throttle"> | undefined;
  /** Whether this record fails, and how; called once per record, in order. */
  readonly entry: (record: FaultyRecord) => EntryFault | undefined;
  /** The poison that the call must be refused for because of this data. */
  readonly poisonOfCall: (data: Uint8Array) => EffectOf<"poison"> | undefined;
}

interface Set {
  readonly handle: FaultHandle;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly random: () => number;
  fitting: number;
  hits: number;
}

export interface FaultBook {
  add(fault: Fault): FaultHandle;
  clear(): void;
  readonly handles: readonly FaultHandle[];
  /** What the call meets; counts it. */
  meet(service: FakeService, operation: string): Meeting;
}

/** An empty book. `monotonicMs` is the time that faults begin and end by. */
export function createFaultBook(monotonicMs: () => number): FaultBook {
  let sets: Set[] = [];
  let lastId = 0;
  return {
    add(fault) {
      const id = ++lastId;
      const fromMs = monotonicMs() + (fault.afterMs ?? 0);
      const untilMs = fault.forMs === undefined ? Infinity : fromMs + fault.forMs;
      const below = seededRandom(fault.seed ?? id);
      const handle: FaultHandle = {
        id,
        fault,
        hits: () => set.hits,
        end: () => {
          sets = sets.filter((other) => other !== set);
        },
      };
      const random = () => below(2 ** 30) / 2 ** 30;
      const set: Set = { handle, fromMs, untilMs, random, fitting: 0, hits: 0 };
      sets.push(set);
      return handle;
    },
    clear() {
      sets = [];
    },
    get handles() {
      return sets.map(({ handle }) => handle);
    },
    meet(service, operation) {
      const nowMs = monotonicMs();
      sets = sets.filter(({ untilMs }) => nowMs < untilMs);
      const met = sets.filter((set) => meets(set, nowMs, service, operation));
      return meetingOf(met);
    },
  };
}

function meets(set: Set, nowMs: number, service: FakeService, operation: string): boolean {
  const scope: FaultScope = set.handle.fault;
  if (nowMs < set.fromMs || (scope.service !== undefined && scope.service !== service)) return false;
  if (scope.operation !== undefined && ![scope.operation].flat().includes(operation)) return false;
  if (set.fitting++ < (scope.skip ?? 0) || set.hits >= (scope.count ?? Infinity)) return false;
  if (scope.probability !== undefined && set.random() >= scope.probability) return false;
  set.hits++;
  return true;
}

function meetingOf(met: readonly Set[]): Meeting {
  const first = <K extends Effect["kind"]>(kind: K) =>
    met.map(({ handle }) => handle.fault).find((fault) => fault.kind === kind) as EffectOf<K> | undefined;
  const latencyMs = met.reduce((sum, { handle: { fault }, random }) => {
    return fault.kind === "slow" ? sum + fault.latencyMs + (fault.jitterMs ?? 0) * random() : sum;
  }, 0);
  let index = 0;
  const poisons = met.flatMap(({ handle: { fault } }) => (fault.kind === "poison" ? [fault] : []));
  return {
    latencyMs,
    reset: first("reset")?.at,
    hang: first("hang"),
    error: first("error"),
    form: first("answer")?.form,
    throttle: first("throttle"),
    entry: (record) => entryFault(met, record, index++),
    poisonOfCall: (data) => poisons.find((each) => each.scope === "call" && holdsText(data, each.text)),
  };
}

function entryFault(
  met: readonly Set[],
  { data, shardId }: FaultyRecord,
  index: number,
): EntryFault | undefined {
  let found: EntryFault | undefined;
  for (const { handle, random } of met) {
    const { fault } = handle;
    if (fault.kind === "poison" && fault.scope === "entry" && holdsText(data, fault.text)) {
      const { code = "InvalidArgumentException", message = "the record is refused for what it holds" } =
        fault;
      found ??= { code, message, stored: false };
    }
    if (fault.kind !== "entries" || (fault.shards !== undefined && !fault.shards.includes(shardId))) continue;
    const code = codeOf(fault, random, index);
    if (code === "") continue;
    const { message = "Internal Service Failure", stored = false } = fault;
    found ??= { code, message, stored };
  }
  return found;
}

/** "" for a record that passes. */
function codeOf(fault: EffectOf<"entries">, random: () => number, index: number): string {
  if (fault.codes !== undefined) return fault.codes[index % fault.codes.length] ?? "";
  // Drawn for every record, so that one fault's choices do not depend on another's.
  return random() < (fault.share ?? 1) ? (fault.code ?? "InternalFailure") : "";
}

/** Whether the bytes, or what they hold when they are gzip or zstd, contain `text`. */
function holdsText(data: Uint8Array, text: string): boolean {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.includes(text)) return true;
  try {
    return inflated(data).includes(text);
  } catch {
    // It only begins like a compressed file: then its own bytes were all there is to search.
    return false;
  }
}
