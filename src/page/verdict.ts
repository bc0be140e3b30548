/** The one sentence: do samples arrive, and are they durable? */
import { bytes, ms, short, span } from "./format.ts";
import type { State, StateCode, StateLevel, Status } from "./status.ts";

export interface Findings extends Pick<Status, "archive" | "readiness" | "lastMinute" | "spool" | "items"> {
  /** A signal to end has come. */
  readonly stopping: boolean;
  /** Why the spool, or whatever is in front, takes nothing. */
  readonly full: string | undefined;
  /** Why nothing becomes durable. */
  readonly blocked: string | undefined;
  /** Write requests since the start. */
  readonly requests: number;
  /** Since the last write request, in seconds; undefined: there was none. */
  readonly silentSeconds: number | undefined;
}

/** Prometheus sends at least once a scrape interval, which is a minute or less nearly everywhere. */
const silenceSeconds = 150;
/** What came just now may still be on its way. */
const fewSeconds = 20;

type Rule = (found: Findings) => State | undefined;

/** The first that applies; the last one always does. */
const rules: readonly Rule[] = [
  stopping,
  full,
  blocked,
  waiting,
  losing,
  failing,
  shippingBehind,
  silent,
  partly,
  refusing,
  durable,
];

/** What to say first. */
export function judge(found: Findings): State {
  for (const rule of rules) {
    const state = rule(found);
    if (state !== undefined) return state;
  }
  return durable(found);
}

function say(level: StateLevel, code: StateCode, sentence: string, detail?: string): State {
  return { level, code, sentence, detail };
}

function stopping({ stopping: isStopping }: Findings): State | undefined {
  if (!isStopping) return undefined;
  return say(
    "stopping",
    "stopping",
    "Stopping: new requests are turned away, what is pending is made durable.",
  );
}

function full({ full: why, archive }: Findings): State | undefined {
  if (why === undefined) return undefined;
  const sentence = `Nothing is taken: the spool has no room, and ${archive.name} does not empty it.`;
  return say("error", "spool_full", sentence, `${sentenceOf(why)} ${sendersKeep}`);
}

function blocked({ blocked: why, archive }: Findings): State | undefined {
  if (why === undefined) return undefined;
  const sentence = `Nothing becomes durable: ${archive.name} takes nothing.`;
  return say("error", "blocked", sentence, `${sentenceOf(why)} ${sendersKeep} ${checkTells}`);
}

function waiting({ requests, items, lastMinute }: Findings): State | undefined {
  if (requests === 0) {
    return say(
      "waiting",
      "waiting",
      "Waiting for the first samples.",
      "No write request has come since the start.",
    );
  }
  const came = Object.values(items).some(({ received }) => received > 0);
  if (came || lastMinute.answeredPerSecond["2xx"] > 0) return undefined;
  const sentence = "Write requests arrive, but none could be taken yet.";
  return say("error", "refused", sentence, "See “Warnings and errors” below for the reason.");
}

function losing({ lastMinute: { droppedBytesPerSecond } }: Findings): State | undefined {
  if (droppedBytesPerSecond === 0) return undefined;
  const detail =
    "--spool-full drop-oldest says so; --spool-full refuse would leave them with their senders instead.";
  return say("error", "dropping", "Acknowledged samples are lost: the full spool drops its oldest.", detail);
}

/** Nothing of what came in the last minute is durable. */
function failing({ lastMinute, archive, spool }: Findings): State | undefined {
  const { receivedPerSecond, durablePerSecond, failedPerSecond, answeredPerSecond, spanSeconds } = lastMinute;
  if (durablePerSecond > 0 || answeredPerSecond["2xx"] > 0) return undefined;
  if (failedPerSecond === 0 && answeredPerSecond["5xx"] === 0) {
    if (receivedPerSecond === 0 || spanSeconds < fewSeconds) return undefined;
    const sentence = "Samples arrive, but none became durable in the last minute.";
    return say(
      "warning",
      "slow",
      sentence,
      `They wait for ${spool === undefined ? archive.name : "the spool"}.`,
    );
  }
  const sentence = "Samples arrive, but do not become durable.";
  return say(
    "error",
    "failing",
    sentence,
    `See “Warnings and errors” below for the reason. ${sendersKeep} ${checkTells}`,
  );
}

function shippingBehind({ readiness: { note }, archive, spool }: Findings): State | undefined {
  if (note === undefined || spool === undefined) return undefined;
  const sentence = `Samples are durable in the spool, but it fills: ${archive.name} does not keep up.`;
  const why = sentenceOf(note.replace(/^Ready, but the spool fills: /, ""));
  const { fullInSeconds } = spool;
  const when = fullInSeconds === undefined ? "" : `, and is full in ${span(fullInSeconds)} at this pace`;
  return say(
    "warning",
    "spooling",
    sentence,
    `${why} The spool holds ${bytes(spool.bytes)} of ${bytes(spool.bytesMax)}${when}.`,
  );
}

function silent({ silentSeconds, lastMinute }: Findings): State | undefined {
  if (silentSeconds === undefined || silentSeconds < silenceSeconds || lastMinute.receivedPerSecond > 0)
    return undefined;
  const sentence = `No samples arrive: the last write request came ${span(silentSeconds)} ago.`;
  return say(
    "warning",
    "silent",
    sentence,
    "What came before is durable. See whether the senders run and reach this program.",
  );
}

function partly({ lastMinute: { answeredPerSecond } }: Findings): State | undefined {
  const later = answeredPerSecond["5xx"];
  if (later === 0) return undefined;
  const all = later + answeredPerSecond["2xx"] + answeredPerSecond["4xx"];
  const part = `${Math.max(1, Math.round((100 * later) / all))} % of the requests of the last minute`;
  return say(
    "warning",
    "partly_failing",
    "Samples arrive and become durable, but not all at the first attempt.",
    `${part} were answered with 503; senders keep such samples and send them again.`,
  );
}

function refusing({ lastMinute: { answeredPerSecond, durablePerSecond } }: Findings): State | undefined {
  if (answeredPerSecond["4xx"] === 0) return undefined;
  const sentence =
    durablePerSecond > 0
      ? "Samples arrive and are durable, but some are refused."
      : "Write requests arrive, but are refused.";
  const level = durablePerSecond > 0 ? "warning" : "error";
  return say(
    level,
    "partly_refused",
    sentence,
    "Senders drop what is refused. See “Warnings and errors” below for the reason.",
  );
}

function durable({ archive, spool, lastMinute }: Findings): State {
  const { receivedPerSecond, ackMedianMs, throttledPerSecond } = lastMinute;
  const where = spool === undefined ? `in ${archive.name}` : `in the spool, on their way to ${archive.name}`;
  const rate = `${short(receivedPerSecond)} samples a second in the last minute`;
  const pace =
    ackMedianMs === undefined ? "" : `, half of the requests acknowledged within ${ms(ackMedianMs)}`;
  const throttled = throttledPerSecond > 0 ? ` ${archive.name} throttles; what it refuses is put again.` : "";
  return say("ok", "durable", `Samples arrive and are durable ${where}.`, `${rate}${pace}.${throttled}`);
}

const checkTells = "The command “check” with the same flags finds what is wrong.";
const sendersKeep = "Senders keep their samples and try again.";

/** With a capital and a full stop. */
function sentenceOf(text: string): string {
  const trimmed = text.trim().replace(/[.\s]+$/, "");
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}.`;
}
