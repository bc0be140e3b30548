/** The status page of the program as it is configured. */
import { settingsOf } from "../config/settings.ts";
import type { Senders } from "../http/senders.ts";
import { createStatusPage, type StatusPage } from "../page/page.ts";
import { version } from "../version.ts";
import type { BillWatch } from "./bill-watch.ts";
import type { Intake } from "./intake.ts";
import type { Stop } from "./stop.ts";
import type { Surroundings } from "./surroundings.ts";

export interface StatusPageParts {
  readonly intake: Intake;
  readonly bill: BillWatch;
  readonly stop: Stop;
  readonly senders: Senders;
}

/** Begins to keep the history that the page shows. */
export function openStatusPage(
  surroundings: Surroundings,
  { intake, bill, stop, senders }: StatusPageParts,
): StatusPage {
  const { config, platform, clock, metrics, troubles } = surroundings;
  const { sink, compression, spoolBytesMax, spoolFull } = config;
  const spool =
    intake.spool === undefined
      ? undefined
      : { directory: intake.spool, bytesMax: spoolBytesMax, whenFull: spoolFull };
  return createStatusPage({
    ...{ clock, metrics, version, spool },
    runtime: platform.name,
    archive: { name: intake.archive, kind: sink.kind, compression },
    pendingBytesMax: config.pendingBytesMax,
    waitingBytes: () => intake.waitingBytes(),
    quarantineDirectory: config.quarantineDirectory,
    region: config.region ?? platform.env["AWS_REGION"] ?? platform.env["AWS_DEFAULT_REGION"],
    configuration: settingsOf(config, platform.env),
    guarded: config.webConfigFile !== undefined,
    senders: () => senders.list(),
    troubles: () => troubles.list(),
    stopping: () => stop.signal() !== undefined,
    full: () => intake.full(),
    blocked: () => intake.blocked(),
    note: () => intake.note(),
    async observe() {
      intake.observe();
      await bill.observe();
    },
  });
}
