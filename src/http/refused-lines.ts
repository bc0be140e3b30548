/** What a sender is told of lines that the sink refuses for good. */
import { MalformedError } from "../errors.ts";
import { decodeLine } from "../line/decode.ts";
import type { ItemKind } from "../metrics.ts";
import type { Label, Line } from "../model/line.ts";

/** Series named in the text; of the others, how many there are. */
const shownSeriesMax = 5;
/** Characters of one series' labels that are shown. */
const shownCharsMax = 80;
/** A name that needs no quotes; any other may hold what does not belong in a message, such as a line end. */
const plainName = /^[\w:.]+$/;

const kindOf: Readonly<Record<Line["kind"], ItemKind>> = {
  sample: "samples",
  histogram: "histograms",
  exemplar: "exemplars",
  metadata: "metadata",
};

export interface RefusedItems {
  readonly counts: Readonly<Record<ItemKind, number>>;
  /** `sample of {__name__="up", job="node"}; metadata of {…}; and 3 more series`: a bounded text. */
  readonly text: string;
}

/** What items these lines hold, by kind, and the series they belong to. */
export function readRefused(lines: readonly Uint8Array[]): RefusedItems {
  const counts = { samples: 0, histograms: 0, exemplars: 0, metadata: 0 };
  const series = new Set<string>();
  const shown: string[] = [];
  for (const bytes of lines) {
    const line = read(bytes);
    const kind = line?.kind ?? "sample";
    counts[kindOf[kind]]++;
    const identity = line === undefined ? "" : identify(line);
    if (series.has(identity)) continue;
    series.add(identity);
    if (shown.length < shownSeriesMax) {
      shown.push(`${kind} of ${line === undefined ? "a line that cannot be read" : describe(line)}`);
    }
  }
  const more = series.size - shown.length;
  if (more > 0) shown.push(`and ${more} more series`);
  return { counts, text: shown.join("; ") };
}

/** Every line is one of ours; one that is not is counted as what most lines are. */
function read(bytes: Uint8Array): Line | undefined {
  try {
    return decodeLine(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

function identify(line: Line): string {
  return JSON.stringify(line.labels ?? line.name);
}

/** The labels as a person writes them, cut short; the name alone where metadata has no labels. */
function describe({ labels, name }: Line): string {
  if (labels === undefined) return cut(plainName.test(name) ? name : JSON.stringify(cut(name)));
  return `{${cut(labels.map(describeLabel).join(", "))}}`;
}

function describeLabel({ name, value }: Label): string {
  const shownName = plainName.test(name) ? name : JSON.stringify(cut(name));
  return `${shownName}=${JSON.stringify(cut(value))}`;
}

function cut(text: string): string {
  return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax)}…`;
}
