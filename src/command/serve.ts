/** Receives remote write and archives it until a signal ends it. */
import type { Config } from "../config/config.ts";
import { createApp } from "../http/app.ts";
import { Senders } from "../http/senders.ts";
import type { Listener, Platform, ServeOptions } from "../platform.ts";
import { version } from "../version.ts";
import { type BillWatch, watchBill } from "./bill-watch.ts";
import { withinTime } from "./close.ts";
import { type Intake, openIntake } from "./intake.ts";
import { openStatusPage } from "./status-page.ts";
import { listenForStop } from "./stop.ts";
import { beginSupervision } from "./supervision.ts";
import { createSurroundings, type Surroundings } from "./surroundings.ts";
import { openWebAccess } from "./web-access.ts";

/** How long, once nothing is pending, to wait for requests under way: they can only be told to come again. */
const lastAnswersMs = 2_000;

/** Exit code 0 only when nothing was left pending; what is in the spool is not pending. */
export async function serve(config: Config, platform: Platform): Promise<number> {
  const surroundings = createSurroundings(config, platform);
  const { clock, log, outageLog, metrics } = surroundings;
  const stop = listenForStop(surroundings);
  const access = await openWebAccess(surroundings);
  const intake = await openIntake(surroundings);
  const { batcher, archive, spool } = intake;
  const bill = watchBill(surroundings);
  const senders = new Senders({ log: outageLog, clock });
  const statusPage = openStatusPage(surroundings, { intake, bill, stop, senders });
  const app = createApp({
    ...config,
    batcher,
    metrics: { ...metrics, text: () => textOf(surroundings, intake, bill) },
    log: outageLog,
    clock,
    ready: () => (stop.signal() === undefined ? intake.full() : "draining"),
    blocked: intake.blocked,
    note: intake.note,
    guard: access.guard,
    ...{ senders, statusPage },
  });
  const listener = await listen(surroundings, intake, { fetch: app.fetch, tls: access.tls });
  const endWatch = access.watch(listener);
  const url = `http${access.tls === undefined ? "" : "s"}://${hostInUrl(config.listen.hostname)}:${listener.port}`;
  log.info("listening", {
    url,
    write: `${url}/receive`,
    status: `${url}/`,
    archive,
    spool,
    version,
    runtime: platform.name,
  });
  access.tellOfExposure();
  tellOfCompression(surroundings);
  const supervision = beginSupervision(
    surroundings,
    `Receiving on port ${listener.port}, archiving into ${archive}`,
  );
  log.info("draining", { signal: await stop.asked, timeoutMs: config.drainTimeoutMs });
  void supervision.stopping();
  endWatch();
  bill.close();
  statusPage.close();
  return drain(surroundings, listener, intake);
}

/** The default is what every reader of a stream understands; it is also most of the bill. */
function tellOfCompression({ config: { sink, sources }, log }: Surroundings): void {
  if ((sink.kind !== "kinesis" && sink.kind !== "firehose") || sources.compression !== "default") return;
  log.info("lines are put uncompressed: where readers of the stream take gzip, it saves most of the bill", {
    flag: "--compression gzip",
    figures: "prometheus-remote-kinesis plan --samples-per-second N",
  });
}

async function textOf({ metrics }: Surroundings, intake: Intake, bill: BillWatch): Promise<string> {
  intake.observe();
  await bill.observe();
  return metrics.text();
}

async function listen(
  {
    config: {
      listen: { hostname, port },
    },
    platform,
  }: Surroundings,
  intake: Intake,
  how: Pick<ServeOptions, "fetch" | "tls">,
): Promise<Listener> {
  try {
    return await platform.serve({ hostname, port, ...how });
  } catch (error) {
    await intake.close(0);
    throw error;
  }
}

/** The host of an address in a URL someone can open: all addresses include this machine's own. */
function hostInUrl(hostname: string | undefined): string {
  if (hostname === undefined) return "localhost";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/**
 * Ends in order: no new connections, every batch put, every request answered; what is in the spool shipped while there
 * is time; the sink closed.
 */
async function drain(
  { config: { drainTimeoutMs }, clock, log }: Surroundings,
  listener: Listener,
  intake: Intake,
): Promise<number> {
  const { batcher } = intake;
  const deadlineMs = clock.monotonicMs() + drainTimeoutMs;
  const leftMs = () => Math.max(0, deadlineMs - clock.monotonicMs());
  const answered = listener.drain();
  const leftBytes = await batcher.drain(drainTimeoutMs);
  // Out of time: those who still wait for an ack lose their connection and keep their samples.
  if (leftBytes === 0) await withinTime(answered, lastAnswersMs, clock);
  await withinTime(listener.close(), lastAnswersMs, clock);
  // A body that was on its way when the drain began may have come in after the first look.
  const pendingBytes = await batcher.drain(leftMs());
  await intake.close(leftMs());
  if (pendingBytes > 0) {
    log.error("stopped with lines that are not durable; no sender was told they were", { pendingBytes });
    return 1;
  }
  log.info("stopped: everything acknowledged is durable");
  return 0;
}
