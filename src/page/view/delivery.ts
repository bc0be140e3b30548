/** What happens behind the ack: puts, spool, quarantine, bill. */
import { html } from "hono/html";
import * as format from "../format.ts";
import type { Bill, Status } from "../status.ts";
import type { Html } from "./icon.ts";
import { billingName } from "./overview.ts";
import { facts } from "./table.ts";

/** The cards, side by side where there is room. */
export function deliverySection(status: Status): Html {
  const [spool, quarantine] = [spoolCard(status), quarantineCard(status)];
  // Of about the same height on both sides.
  const [left, right] = status.spool === undefined ? ["", html`${spool}${quarantine}`] : [quarantine, spool];
  return html`<section aria-labelledby="delivery"><h2 id="delivery" class="unseen">Delivery</h2><div class="cards">
  <div>${putsCard(status)}${billCard(status)}${left}</div><div>${itemsCard(status)}${right}</div></div></section>`;
}

function card(title: string, content: Html, note?: Html | string): Html {
  const below = note === undefined ? "" : html`<p class="note">${note}</p>`;
  return html`<div class="card"><h2>${title}</h2>${content}${below}</div>`;
}

function putsCard({ puts, archive, pending, spool }: Status): Html {
  const smaller =
    puts.rawBytes > 1.05 * puts.sentBytes && puts.sentBytes > 0
      ? ` (${(puts.rawBytes / puts.sentBytes).toFixed(1)} times smaller)`
      : "";
  const isObjects = archive.kind === "s3";
  const records = (value: number) => (isObjects ? undefined : format.counted(value, "record"));
  const risk = sumOf(puts.duplicateRiskLines);
  return card(
    `Puts to ${archive.name}`,
    facts([
      [
        "Under way",
        isObjects ? undefined : `${format.count(puts.inFlight)} of ${format.count(puts.inFlightLimit)}`,
      ],
      ["Answers", listed(isObjects ? puts.s3Requests : puts.attempts)],
      ["Objects put", isObjects ? format.count(puts.s3Objects) : undefined],
      ["Made durable", records(puts.recordsPut)],
      ["Put once more", records(puts.recordsRetried)],
      ["Throttled", records(puts.recordsThrottled)],
      [
        "Pace after throttling",
        puts.paceBytesPerSecond > 0 ? `${format.bytes(puts.paceBytesPerSecond)}/s` : "not limited",
      ],
      ["Open shards", puts.kinesisShards > 0 ? format.count(puts.kinesisShards) : undefined],
      ["Lines, before compression", format.bytes(puts.rawBytes)],
      ["As put", `${format.bytes(puts.sentBytes)}${smaller}`],
      [
        "Pending before the ack",
        spool === undefined
          ? undefined
          : `${format.bytes(pending.bytes)} of ${format.bytes(pending.bytesMax)}`,
      ],
      ["Lines that may be twice", risk === 0 ? "none" : listed(puts.duplicateRiskLines)],
    ]),
  );
}

function itemsCard({ items, requests }: Status): Html {
  const kinds = Object.entries(items);
  const columns = ["received", "written", "rejected", "failed", "dropped", "pending"] as const;
  const titles = {
    received: "Received",
    written: "Durable",
    rejected: "Refused",
    failed: "Try again",
    dropped: "Lost",
    pending: "Pending",
  };
  const rows = kinds.map(
    ([kind, totals]) =>
      html`<tr><th scope="row">${kind}</th>${columns.map(
        (column) => html`<td class="number">${format.short(totals[column])}</td>`,
      )}</tr>`,
  );
  const head = columns.map((column) => html`<th scope="col" class="number">${titles[column]}</th>`);
  const note =
    "Refused: answered with 400, the sender drops it. Try again: answered with 503, the sender keeps it.";
  const answers = [
    requests["2xx"] + requests["4xx"] + requests["5xx"],
    ...[requests["2xx"], requests["4xx"], requests["5xx"]],
  ];
  const answered = html`<tr><th scope="row">requests</th>${answers.map(
    (count) => html`<td class="number">${format.short(count)}</td>`,
  )}<td class="number">–</td><td class="number">–</td></tr>`;
  return card(
    "Since the start",
    html`<div class="scroll" tabindex="0" role="region" aria-label="Requests and items since the start"><table>
    <thead><tr><td></td>${head}</tr></thead><tbody>${answered}${rows}</tbody></table></div>`,
    note,
  );
}

function spoolCard({ spool }: Status): Html {
  if (spool === undefined) {
    return card(
      "Spool",
      html`<p class="soft">None: a request is acknowledged once the sink has its samples.</p>`,
      html`<code>--spool-dir</code> takes samples while the sink cannot, on the local disk.`,
    );
  }
  const { oldestAgeSeconds, damagedFrames, droppedBytes, fullInSeconds } = spool;
  return card(
    "Spool",
    facts([
      ["Directory", html`<code>${spool.directory}</code>`],
      ["Waiting to be shipped", format.bytes(spool.waitingBytes)],
      ["On disk", `${format.bytes(spool.bytes)} of ${format.bytes(spool.bytesMax)}`],
      ["Segments", format.count(spool.segments)],
      ["Oldest lines", oldestAgeSeconds >= 1 ? format.span(oldestAgeSeconds) : "none"],
      ["Shipped since the start", format.bytes(spool.shippedBytes)],
      ["Full at this pace", fullInSeconds === undefined ? undefined : `in ${format.span(fullInSeconds)}`],
      ["When it is full", spool.whenFull === "refuse" ? "requests get 503" : "the oldest lines are lost"],
      ["Lost because it was full", droppedBytes > 0 ? format.bytes(droppedBytes) : "nothing"],
      ["Damaged places", damagedFrames > 0 ? format.count(damagedFrames) : "none"],
    ]),
  );
}

function quarantineCard({ quarantine: { directory, lines, linesByReason } }: Status): Html {
  const content =
    lines === 0
      ? html`<p class="soft">Empty since the start: the sink refused no line.</p>`
      : facts([
          ["Lines since the start", format.count(lines)],
          ...Object.entries(linesByReason).map(([reason, count]) => [reason, format.count(count)] as const),
          ["Directory", html`<code>${directory}</code>`],
        ]);
  const note = html`<code>quarantine inspect</code> shows what is there from earlier runs as well,
  <code>quarantine replay</code> puts it once more.`;
  return card("Quarantine", content, note);
}

function billCard({ bill }: Status): Html {
  if (bill === undefined) return card("Bill", html`<p class="soft">Files cost what their disk costs.</p>`);
  const rows = bill.ways.map(({ billing, usageDollarsPerDay: usage, capacityDollarsPerDay: capacity }) => {
    const parts = capacity > 0 ? `, of it ${format.dollars(capacity)} for the stream` : "";
    return [sentenceCase(billingName(billing)), `${format.dollars(usage + capacity)} a day${parts}`] as const;
  });
  const kept = bill.storageDollarsPerMonth;
  return card(
    "Bill, estimated",
    facts([
      ...rows,
      ["Keeping a day’s objects", kept === undefined ? undefined : `${format.dollars(kept)} a month`],
      ["Made of the last", format.span(bill.windowSeconds)],
    ]),
    billNote(bill),
  );
}

function billNote({ region, asOf, ways }: Bill): string {
  const twoWays = ways.length > 1 ? "Which of the two is billed is set on the stream. " : "";
  const prices = `Prices of ${region} as of ${asOf}, without tax and readers.`;
  return `${twoWays}${prices} The command “plan” compares sinks and compressions.`;
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function listed(sums: Readonly<Record<string, number>>): string {
  const some = Object.entries(sums).filter(([, value]) => value > 0);
  return some.length === 0
    ? "none yet"
    : some.map(([name, value]) => `${format.count(value)} ${name}`).join(", ");
}

function sumOf(sums: Readonly<Record<string, number>>): number {
  return Object.values(sums).reduce((sum, value) => sum + value, 0);
}
