import { RequestError } from "../errors.ts";
import type { LabelSet } from "../model/label-set.ts";
import type { RejectReason } from "../model/rejection.ts";

const explanations: Readonly<Record<RejectReason, string>> = {
  missing_metric_name: "no metric name (__name__ is missing or empty)",
  empty_label_name: "a label without a name",
  duplicate_label: "the same label name twice",
  invalid_utf8: "text that is not UTF-8",
  invalid_symbol_ref: "a symbol reference that is odd or out of range",
  invalid_histogram: "a histogram that contradicts itself",
  line_too_long: "labels or buckets too long for one line",
};

interface Refusal {
  items: number;
  series: number;
  /** Made for the first refusal only: a request may hold millions. */
  readonly example: string;
}

/** What was refused in one request, by reason, and the bounded text that tells the sender. */
export class Refusals {
  private readonly byReason = new Map<RejectReason, Refusal>();

  get any(): boolean {
    return this.byReason.size > 0;
  }

  clear(): void {
    this.byReason.clear();
  }

  /** Notes a refused series with its `items`, or one refused item (`series` false) of the series with `labels`. */
  add(
    reason: RejectReason,
    items: number,
    series: boolean,
    labels: LabelSet | undefined,
    detail?: string,
  ): void {
    let refusal = this.byReason.get(reason);
    if (refusal === undefined) {
      const where = labels === undefined ? "" : ` in ${labels.describe()}`;
      refusal = { items: 0, series: 0, example: `${detail ?? explanations[reason]}${where}` };
      this.byReason.set(reason, refusal);
    }
    refusal.items += items;
    if (series) refusal.series++;
  }

  /** `Refused 3 items in 2 series, wrote 1997. missing_metric_name: 2 items in 1 series, first: …; …` */
  describe(itemsWritten: number): string {
    let items = 0;
    let series = 0;
    const reasons: string[] = [];
    for (const [reason, refusal] of this.byReason) {
      items += refusal.items;
      series += refusal.series;
      reasons.push(
        `${reason}: ${itemsText(refusal.items)}${inSeries(refusal.series)}, first: ${refusal.example}`,
      );
    }
    return `Refused ${itemsText(items)}${inSeries(series)}, wrote ${itemsWritten}. ${reasons.join("; ")}`;
  }
}

function itemsText(items: number): string {
  return items === 1 ? "1 item" : `${items} items`;
}

function inSeries(series: number): string {
  return series > 0 ? ` in ${series} series` : "";
}

/** The answer to a request with more bytes of lines than one may have. */
export function tooManyLines(linesBytesMax: number): RequestError {
  return new RequestError(
    413,
    `The request makes more than ${linesBytesMax} bytes of lines: send less at once, or raise --pending-bytes`,
  );
}
