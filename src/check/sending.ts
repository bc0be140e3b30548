/**
 * Whether a Prometheus gets its samples through to us, by its own metrics: pure, of two looks at its /metrics.
 * https://prometheus.io/docs/practices/remote_write/, storage/remote/queue_manager.go of Prometheus 2.42 and 3.14
 */
import { durationText } from "./aws-access.ts";
import { failed, ok, type Step, warning } from "./step.ts";

interface Sample {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}
type Exposition = ReadonlyMap<string, readonly Sample[]>;

/** One remote_write of the sender. */
interface Queue {
  readonly shown: string;
  /** The value now, and what it grew by between the two looks; undefined where there is no such metric. */
  value(name: string): { readonly now: number; readonly grown: number } | undefined;
  /** By reason, where the sender tells reasons. */
  byReason(name: string): readonly (readonly [reason: string, count: number])[];
}

/** Prometheus removes from its log what it could not send for about two hours. */
const behindFailedMs = 30 * 60_000;
const behindNoticedMs = 2 * 60_000;
const prefix = "prometheus_remote_storage_";
/** Series that relabelling takes out are dropped because somebody wanted it. */
const wantedReason = "dropped_series";

/** `urls`: the remote_write URLs that are meant for us; undefined: not known, all count. */
export function* judgeSending(
  first: string,
  second: string,
  urls: readonly URL[] | undefined,
): Generator<Step> {
  const [before, now] = [readExposition(first), readExposition(second)];
  const queues = queuesOf(before, now).filter((queue) => urls === undefined || isFor(queue.url, urls));
  if (queues.length === 0) {
    const message = "its /metrics has nothing of a remote_write to us";
    yield warning("sending", message, "look whether the configuration that is in effect has it (reload?)");
    return;
  }
  for (const queue of queues) {
    yield progressStep(queue, highest(now, queue));
    yield* lossSteps(queue);
  }
}

function progressStep(queue: Queue, highestMs: number | undefined): Step {
  const value = (name: string) => queue.value(`${prefix}${name}`);
  const sent = value("samples_total") ?? { now: 0, grown: 0 };
  const pending = value("samples_pending")?.now;
  const sentMs = 1_000 * (value("queue_highest_sent_timestamp_seconds")?.now ?? Number.NaN);
  const behindMs = highestMs === undefined ? Number.NaN : Math.max(0, highestMs - sentMs);
  const [shards, shardsMax, desired] = ["shards", "shards_max", "shards_desired"].map(
    (name) => value(name)?.now,
  );
  const notes = [`${Math.round(sent.now)} samples sent since it started`];
  if (pending !== undefined) notes.push(`${pending} pending`);
  if (sentMs > 0 && !Number.isNaN(behindMs)) notes.push(`${durationText(behindMs)} behind`);
  if (shards !== undefined) notes.push(`${shards} of at most ${shardsMax} shards`);
  const message = `${queue.shown}: ${notes.join(", ")}`;
  const isRetrying = (value("samples_retried_total")?.grown ?? 0) > 0;
  const seeLogs = "see its log for what we answered, ours for why, and the steps above";
  if (sent.now === 0) {
    const hasData = highestMs !== undefined && highestMs > 0;
    if (hasData && ((pending ?? 0) > 0 || isRetrying))
      return failed("sending", `${message}: nothing got through yet`, seeLogs);
    return warning(
      "sending",
      `${message}: nothing is sent yet`,
      "wait for the first scrapes; then check again",
    );
  }
  if (behindMs > behindFailedMs) {
    const toDo = "what is older than about two hours is lost: see why puts are slow or refused";
    return failed("sending", message, toDo);
  }
  if (behindMs > behindNoticedMs || isRetrying)
    return warning("sending", `${message}${isRetrying ? ", trying again and again" : ""}`, seeLogs);
  if (desired !== undefined && shardsMax !== undefined && desired > shardsMax) {
    const what = `${message}; it would like ${desired.toFixed(1)} shards`;
    return warning("sending", what, "raise queue_config.max_shards, or max_samples_per_send");
  }
  return ok("sending", message);
}

function* lossSteps(queue: Queue): Generator<Step> {
  const failedForGood = queue.value(`${prefix}samples_failed_total`) ?? { now: 0, grown: 0 };
  const dropped = queue.value(`${prefix}samples_dropped_total`) ?? { now: 0, grown: 0 };
  const reasons = queue.byReason(`${prefix}samples_dropped_total`);
  const unwanted = reasons.filter(([reason, count]) => reason !== wantedReason && count > 0);
  const isUnwanted = reasons.length === 0 ? dropped.now > 0 : unwanted.length > 0;
  if (failedForGood.now > 0) {
    const message = `${queue.shown}: ${failedForGood.now} samples were refused for good since it started`;
    const todo =
      "see its log: we answer 400 with the reason, and lines that the sink refused are in quarantine";
    yield failedForGood.grown > 0
      ? failed("losses", `${message}, and it goes on`, todo)
      : warning("losses", `${message}, none in the last moments`, todo);
  }
  if (isUnwanted) {
    const listed = unwanted.map(([reason, count]) => `${count} ${reason}`).join(", ");
    const why = reasons.length === 0 ? "by write_relabel_configs, or because it lost their series" : listed;
    const message = `${queue.shown}: ${dropped.now} samples were dropped before they were sent: ${why}`;
    yield warning("losses", message, "fine where write_relabel_configs means it; else see its log");
  }
  if (failedForGood.now === 0 && !isUnwanted) yield ok("losses", `${queue.shown}: none`);
}

/** The time of its newest sample, in ms since the epoch: of the queue, or of all where only that is told. */
function highest(now: Exposition, queue: Queue): number | undefined {
  const own = queue.value(`${prefix}queue_highest_timestamp_seconds`)?.now;
  const ofAll = now.get(`${prefix}highest_timestamp_in_seconds`)?.[0]?.value;
  const seconds = own ?? ofAll;
  return seconds === undefined ? undefined : seconds * 1_000;
}

function queuesOf(before: Exposition, now: Exposition): readonly (Queue & { readonly url: string })[] {
  const found = new Map<string, string>();
  for (const { labels } of now.get(`${prefix}shards`) ?? [])
    found.set(labels.get("remote_name") ?? "", labels.get("url") ?? "");
  return [...found].map(([remoteName, url]) => {
    const own = (samples: readonly Sample[] = []) =>
      samples.filter(
        ({ labels }) => (labels.get("remote_name") ?? "") === remoteName && labels.get("url") === url,
      );
    const sum = (samples: readonly Sample[]) => samples.reduce((total, { value }) => total + value, 0);
    return {
      url,
      shown: URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : remoteName,
      value(name) {
        const samples = own(now.get(name));
        if (samples.length === 0) return undefined;
        return { now: sum(samples), grown: sum(samples) - sum(own(before.get(name))) };
      },
      byReason: (name) =>
        own(now.get(name)).flatMap(({ labels, value }) => {
          const reason = labels.get("reason");
          return reason === undefined ? [] : [[reason.slice(0, 50), value] as const];
        }),
    };
  });
}

function isFor(url: string, urls: readonly URL[]): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, pathname } = new URL(url);
  return urls.some((ours) => ours.origin === origin && ours.pathname === pathname);
}

/**
 * The samples of the text format whose names begin as ours do.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
function readExposition(text: string): Exposition {
  const all = new Map<string, Sample[]>();
  for (const line of text.split("\n")) {
    if (!line.startsWith(prefix)) continue;
    const [, name, labelText = "", value] = /^(\w+)(?:\{(.*)\})?\s+(\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    const labels = new Map(
      [...labelText.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((each) => [each[1]!, each[2]!]),
    );
    const samples = all.get(name) ?? [];
    samples.push({ labels, value: Number(value) });
    all.set(name, samples);
  }
  return all;
}
