/** Puts together what the page tells: from counters, and from whoever knows the rest. */
import { pricesOf } from "../bill/prices.ts";
import type { Clock } from "../clock.ts";
import type { Trouble } from "../log-recent.ts";
import type { Metrics } from "../metrics.ts";
import { iso } from "./format.ts";
import type { History, Point } from "./history.ts";
import { byLabel, itemTotals, type Reading, read, totalOf } from "./readings.ts";
import { plain } from "./safe-text.ts";
import type {
  Archive,
  Bill,
  BillWay,
  Program,
  Puts,
  SenderRow,
  SettingRow,
  Status,
  TroubleRow,
} from "./status.ts";
import { judge } from "./verdict.ts";

/** A sender as the HTTP side knows it. */
export interface SeenSender {
  readonly address: string | undefined;
  readonly agent: string | undefined;
  readonly version: 1 | 2 | undefined;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly requests: number;
  readonly written: number;
  readonly status: number;
}

export interface StatusSources {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** `0.1.0+3f2a1bc`. */
  readonly version: string;
  readonly runtime: string;
  readonly archive: Archive;
  readonly pendingBytesMax: number;
  readonly spool:
    | { readonly directory: string; readonly bytesMax: number; readonly whenFull: string }
    | undefined;
  /** Bytes in the spool that the sink has not made durable yet. */
  readonly waitingBytes: () => number;
  readonly quarantineDirectory: string;
  /** Undefined: where AWS programs look for it. */
  readonly region: string | undefined;
  readonly configuration: readonly SettingRow[];
  /** There is a web config file. */
  readonly guarded: boolean;
  readonly senders: () => readonly SeenSender[];
  readonly troubles: () => readonly Trouble[];
  readonly stopping: () => boolean;
  readonly full: () => string | undefined;
  readonly blocked: () => string | undefined;
  readonly note: () => string | undefined;
  /** Brings gauges up to date that nobody moves. */
  readonly observe: () => Promise<void>;
}

const messageCharsMax = 500;
const fieldsMax = 12;

/** The counters, as they are now. */
export function readNow({ metrics, clock, spool, waitingBytes }: StatusSources): Promise<Reading> {
  return read(metrics, clock.monotonicMs(), spool && { waitingBytes: waitingBytes() });
}

/** Everything, as it is now. */
export async function collect(sources: StatusSources, history: History): Promise<Status> {
  const { clock, metrics, archive, pendingBytesMax, quarantineDirectory } = sources;
  await sources.observe();
  const nowMs = clock.now();
  const reading = await readNow(sources);
  const { atMs: _, spanMs, ...minute } = history.lastMinute(reading);
  const lines = await byLabel(metrics.quarantinedLines, "reason");
  const senders = sources.senders();
  const lastSeenMs = senders[0]?.lastSeenMs;
  const unready = (sources.stopping() ? "draining" : sources.full()) ?? sources.blocked();
  const found = {
    archive: { ...archive, name: plain(archive.name) },
    readiness: {
      ready: unready === undefined,
      reason: toldOf(unready),
      note: toldOf(sources.note()),
      guarded: sources.guarded,
    },
    lastMinute: { ...minute, spanSeconds: spanMs / 1000 },
    items: await itemTotals(metrics),
    // An object is put every few minutes: until then it grows as it should.
    spool: await spoolOf(sources, reading, sources.note() === undefined ? 0 : history.growth(reading)),
  };
  const state = judge({
    ...found,
    stopping: sources.stopping(),
    full: toldOf(sources.full()),
    blocked: toldOf(sources.blocked()),
    requests: await totalOf(metrics.requests),
    silentSeconds: lastSeenMs === undefined ? undefined : (nowMs - lastSeenMs) / 1000,
  });
  return {
    at: iso(nowMs),
    state,
    program: await programOf(sources, nowMs),
    ...found,
    requests: reading.answered,
    pending: { bytes: reading.pendingBytes, bytesMax: pendingBytesMax },
    puts: await putsOf(metrics),
    quarantine: {
      directory: plain(quarantineDirectory),
      linesByReason: plainKeys(lines),
      lines: Object.values(lines).reduce((sum, each) => sum + each, 0),
    },
    bill: await billOf(sources),
    senders: senders.map(senderRow),
    troubles: sources.troubles().map(troubleRow),
    configuration: sources.configuration.map(settingRow),
    history: history.points.map((point) => historyRow(point, nowMs, reading)),
  };
}

function toldOf(message: string | undefined): string | undefined {
  return message && plain(message, messageCharsMax);
}

async function programOf({ version, runtime, metrics }: StatusSources, nowMs: number): Promise<Program> {
  const [number = "", commit] = version.split("+");
  const startedMs = (await totalOf(metrics.bill.startTime)) * 1000;
  return {
    version: number,
    commit,
    runtime,
    startedAt: iso(startedMs),
    uptimeSeconds: Math.max(0, Math.round((nowMs - startedMs) / 1000)),
  };
}

async function putsOf(metrics: Metrics): Promise<Puts> {
  const { puts } = metrics;
  return {
    inFlight: await totalOf(puts.putsInFlight),
    inFlightLimit: await totalOf(puts.putsInFlightLimit),
    paceBytesPerSecond: await totalOf(puts.paceBytesPerSecond),
    attempts: plainKeys(await byLabel(puts.putAttempts, "outcome")),
    recordsPut: await totalOf(puts.recordsPut),
    recordsRetried: await totalOf(puts.recordsRetried),
    recordsThrottled: await totalOf(puts.recordsThrottled),
    rawBytes: await totalOf(puts.rawBytes),
    sentBytes: await totalOf(puts.sentBytes),
    duplicateRiskLines: plainKeys(await byLabel(metrics.duplicateRisk, "cause")),
    kinesisShards: await totalOf(metrics.kinesisShards),
    s3Objects: await totalOf(metrics.s3Objects),
    s3Requests: plainKeys(await byLabel(metrics.s3Requests, "outcome")),
  };
}

async function spoolOf(
  { spool, metrics }: StatusSources,
  { waitingBytes }: Reading,
  bytesPerSecond: number,
): Promise<Status["spool"]> {
  if (spool === undefined) return undefined;
  const bytes = await totalOf(metrics.spool.bytes);
  const leftBytes = Math.max(0, spool.bytesMax - bytes);
  return {
    directory: plain(spool.directory),
    waitingBytes,
    bytes,
    bytesMax: spool.bytesMax,
    segments: await totalOf(metrics.spool.segments),
    oldestAgeSeconds: await totalOf(metrics.spool.oldestAge),
    shippedBytes: await totalOf(metrics.spool.shippedBytes),
    droppedBytes: await totalOf(metrics.spool.droppedBytes),
    damagedFrames: await totalOf(metrics.spool.damagedFrames),
    whenFull: spool.whenFull,
    fullInSeconds: bytesPerSecond > 0 ? Math.round(leftBytes / bytesPerSecond) : undefined,
  };
}

async function billOf({ metrics, archive, region: asked }: StatusSources): Promise<Bill | undefined> {
  if (archive.kind === "file") return undefined;
  const ways = new Map<string, { -readonly [K in keyof BillWay]: BillWay[K] }>();
  for (const { labels, value } of (await metrics.bill.dollarsPerDay.get()).values) {
    const billing = String(labels.billing);
    const way = ways.get(billing) ?? { billing, usageDollarsPerDay: 0, capacityDollarsPerDay: 0 };
    if (labels.part === "usage") way.usageDollarsPerDay = value;
    else way.capacityDollarsPerDay = value;
    ways.set(billing, way);
  }
  const { region, asOf } = pricesOf(asked);
  return {
    ways: [...ways.values()],
    storageDollarsPerMonth:
      archive.kind === "s3" ? await totalOf(metrics.bill.storageDollarsPerMonth) : undefined,
    region,
    asOf,
    windowSeconds: await totalOf(metrics.bill.windowSeconds),
  };
}

function senderRow({ address, agent, version, firstSeenMs, lastSeenMs, ...rest }: SeenSender): SenderRow {
  return {
    address: address && plain(address, 60),
    agent: agent && plain(agent),
    remoteWrite: version && `${version}.0`,
    firstSeenAt: iso(firstSeenMs),
    lastSeenAt: iso(lastSeenMs),
    requests: rest.requests,
    samples: rest.written,
    lastStatus: rest.status,
  };
}

function troubleRow({ level, message, fields, firstMs, lastMs, count }: Trouble): TroubleRow {
  const told = Object.entries(fields)
    .filter(([name, value]) => value !== undefined && name !== "stack")
    .slice(0, fieldsMax);
  return {
    level,
    message: plain(message, messageCharsMax),
    fields: Object.fromEntries(
      told.map(([name, value]) => [plain(name, 60), plain(String(value), messageCharsMax)]),
    ),
    firstAt: iso(firstMs),
    lastAt: iso(lastMs),
    count,
  };
}

function settingRow(setting: SettingRow): SettingRow {
  const { name, value, source, from, help, hidden } = setting;
  return {
    name,
    value: hidden || value === undefined ? undefined : plain(value),
    source,
    from,
    help,
    hidden,
  };
}

function historyRow({ atMs, ...rest }: Point, nowMs: number, { atMs: readMs }: Reading) {
  return { at: iso(nowMs - (readMs - atMs)), ...rest };
}

/** Reasons and causes are bounded where they are made; they may still hold any character. */
function plainKeys(sums: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(sums).map(([name, value]) => [plain(name, 100), value]));
}
