/** Receives remote write and archives it until a signal ends it. */
import { type Batcher, createBatcher } from "../batch/batcher.ts";
import { type Clock, systemClock, within } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { describeError } from "../errors.ts";
import { createApp } from "../http/app.ts";
import { createLog, type Log } from "../log.ts";
import { limitLog } from "../log-limit.ts";
import { createMetrics } from "../metrics.ts";
import type { Listener, Platform } from "../platform.ts";
import type { Sink } from "../sink/sink.ts";
import { version } from "../version.ts";
import { openSink } from "./open-sink.ts";

/** Ctrl-C under npm arrives twice: from the terminal, and once more from npm. */
const sameSignalMs = 500;
/** How long, once nothing is pending, to wait for requests under way: they can only be told to come again. */
const lastAnswersMs = 2_000;
/** How long the sink may take to finish what is open. What is acked is durable without it. */
const closeMs = 3_000;

/** An outage says the same with every put and every request. */
const outageLog = { burst: 5, intervalMs: 10_000 };

/** Exit code 0 only when nothing was left pending. */
export async function serve(config: Config, platform: Platform): Promise<number> {
  const clock = systemClock;
  const random = Math.random;
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    clock,
    write: platform.writeErr,
  });
  exitOnCrash(platform, log);
  const stop = listenForStop(platform, clock, log);
  const sink = await openSink({ config, platform, clock, random, log });
  const metrics = createMetrics({ version, runtime: platform.name });
  const outage = limitLog(log, clock, outageLog);
  const batcher = createBatcher({
    ...config,
    // The file sink compresses whole files.
    compression: config.sink.kind === "file" ? "none" : config.compression,
    sink,
    quarantine: { keep: () => Promise.reject(new Error("no quarantine is open")) },
    clock,
    random,
    log: outage,
    metrics,
  });
  const ready = () => (stop.signal() === undefined ? undefined : "draining");
  const blocked = () => batcher.blocked?.message;
  const app = createApp({ ...config, batcher, metrics, log: outage, clock, ready, blocked });
  const listener = await listen(config, platform, sink, app.fetch);
  const url = `http://${hostInUrl(config.listen.hostname)}:${listener.port}`;
  log.info("listening", {
    url,
    write: `${url}/receive`,
    archive: sink.name,
    version,
    runtime: platform.name,
  });
  log.info("draining", { signal: await stop.asked, timeoutMs: config.drainTimeoutMs });
  return drain({ config, clock, log, listener, batcher, sink });
}

/** After an error nobody caught nothing is known to be whole: unacked lines are still with their senders. */
function exitOnCrash(platform: Platform, log: Log): void {
  platform.onCrash((error) => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("crashed: an error was not caught", { error: describeError(error), stack });
    platform.exit(1);
  });
}

interface Stop {
  /** Resolves with the first signal. */
  readonly asked: Promise<string>;
  /** The first signal, once it has come. */
  signal(): string | undefined;
}

function listenForStop(platform: Platform, clock: Clock, log: Log): Stop {
  let first: { readonly signal: string; readonly atMs: number } | undefined;
  const asked = new Promise<string>((resolve) => {
    platform.onStopSignal((signal) => {
      const atMs = clock.monotonicMs();
      first ??= { signal, atMs };
      resolve(signal);
      if (atMs - first.atMs < sameSignalMs) return;
      log.error("stopped at once by a second signal", { signal });
      platform.exit(1);
    });
  });
  return { asked, signal: () => first?.signal };
}

async function listen(
  { listen: { hostname, port } }: Config,
  platform: Platform,
  sink: Sink,
  fetch: ReturnType<typeof createApp>["fetch"],
): Promise<Listener> {
  try {
    return await platform.serve({ hostname, port, fetch });
  } catch (error) {
    await sink.close();
    throw error;
  }
}

/** The host of an address in a URL someone can open: all addresses include this machine's own. */
function hostInUrl(hostname: string | undefined): string {
  if (hostname === undefined) return "localhost";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

interface DrainOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly listener: Listener;
  readonly batcher: Batcher;
  readonly sink: Sink;
}

/** Ends in order: no new connections, every batch put, every request answered, the sink closed. */
async function drain({ config, clock, log, listener, batcher, sink }: DrainOptions): Promise<number> {
  const deadlineMs = clock.monotonicMs() + config.drainTimeoutMs;
  const answered = listener.drain();
  const leftBytes = await batcher.drain(config.drainTimeoutMs);
  // Out of time: those who still wait for an ack lose their connection and keep their samples.
  if (leftBytes === 0) await withinTime(answered, lastAnswersMs, clock);
  await withinTime(listener.close(), lastAnswersMs, clock);
  // A body that was on its way when the drain began may have come in after the first look.
  const pendingBytes = await batcher.drain(Math.max(0, deadlineMs - clock.monotonicMs()));
  await closeSink(sink, clock, log);
  if (pendingBytes > 0) {
    log.error("stopped with lines that are not durable; no sender was told they were", { pendingBytes });
    return 1;
  }
  log.info("stopped, nothing pending");
  return 0;
}

/** What a sink leaves open is durable, and the next start finishes it. */
async function closeSink(sink: Sink, clock: Clock, log: Log): Promise<void> {
  try {
    if (await withinTime(sink.close(), closeMs, clock)) return;
    log.warn("the sink did not finish in time; the next start will", { sink: sink.name, timeoutMs: closeMs });
  } catch (error) {
    log.error("the sink did not close cleanly", { sink: sink.name, error: describeError(error) });
  }
}

/** Whether `end` came before `limitMs` were over. */
function withinTime(end: Promise<void>, limitMs: number, clock: Clock): Promise<boolean> {
  const came = end.then(() => true);
  return within(clock, limitMs, came, () => false);
}
