import type { Histogram } from "../model/histogram.ts";
import { type Label, type Line, type Metadata, metricTypes } from "../model/line.ts";
import { type Float64, type Int64, ordinaryNanBits } from "../model/scalar.ts";
import { enumNumber } from "./enum-name.ts";
import { JsonReader } from "./json-reader.ts";
import { readFinite, readInt64, specialValue } from "./numbers.ts";
import { readHistogramObject } from "./read-histogram.ts";

/** A double and the name that stands beside its null. */
interface SpecialFloat {
  value: number | null | undefined;
  special: string | undefined;
}

interface Fields extends SpecialFloat {
  name: string | undefined;
  time: Int64 | undefined;
  start: Int64;
  histogram: Histogram | undefined;
  exemplar: { readonly value: Float64; readonly labels: readonly Label[] } | undefined;
  metadata: Metadata | undefined;
  labels: readonly Label[] | undefined;
}

/**
 * Reads one line of the archive (FORMAT.md), with or without its end. Keys may come in any order and unknown keys are
 * passed over, so that lines which another tool rewrote are read as well; so are those of the predecessor. Throws
 * MalformedError, saying where and why, on anything that is not such a line.
 */
export function decodeLine(line: Uint8Array): Line {
  const json = new JsonReader(line);
  const fields: Fields = {
    name: undefined,
    time: undefined,
    start: 0,
    value: undefined,
    special: undefined,
    histogram: undefined,
    exemplar: undefined,
    metadata: undefined,
    labels: undefined,
  };
  json.object((key) => readField(json, key, fields));
  json.end();
  return lineOf(json, fields);
}

function readField(json: JsonReader, key: string, fields: Fields): void {
  if (key === "name") fields.name = json.string();
  else if (key === "time") fields.time = readInt64(json);
  else if (key === "start") fields.start = readInt64(json);
  else if (key === "value") fields.value = json.null() ? null : readFinite(json);
  else if (key === "special") fields.special = json.string();
  else if (key === "histogram") fields.histogram = readHistogramObject(json);
  else if (key === "exemplar") fields.exemplar = readExemplar(json);
  else if (key === "metadata") fields.metadata = readMetadata(json);
  else if (key === "labels") fields.labels = readLabels(json);
  else json.skip();
}

function lineOf(json: JsonReader, fields: Fields): Line {
  const { name, time, start, value, histogram, exemplar, metadata, labels } = fields;
  const kinds = [value, histogram, exemplar, metadata].filter((kind) => kind !== undefined).length;
  if (kinds !== 1) throw json.malformed(`${kinds} of value, histogram, exemplar and metadata instead of one`);
  if (name === undefined || name === "") throw json.malformed("no name");
  const named = labels?.find((label) => label.name === "__name__");
  if (named !== undefined && named.value !== name) throw json.malformed("another name than __name__");
  if (metadata !== undefined) return { kind: "metadata", name, labels, metadata };
  if (time === undefined) throw json.malformed("no time");
  if (labels === undefined) throw json.malformed("no labels");
  const series = { name, labels, time };
  if (exemplar !== undefined) return { kind: "exemplar", ...series, exemplar };
  if (histogram !== undefined) return { kind: "histogram", ...series, start, histogram };
  return { kind: "sample", ...series, start, value: float64Of(json, fields) };
}

/** The predecessor wrote every NaN as a bare null; Prometheus' ordinary NaN is what nearly all of them were. */
function float64Of(json: JsonReader, { value, special }: SpecialFloat): Float64 {
  if (value === undefined) throw json.malformed("no value");
  if (value === null) return special === undefined ? ordinaryNanBits : specialValue(json, special);
  if (special !== undefined) throw json.malformed(`special ${JSON.stringify(special)} beside a number`);
  return value;
}

function readExemplar(json: JsonReader): { readonly value: Float64; readonly labels: readonly Label[] } {
  const float: SpecialFloat = { value: undefined, special: undefined };
  let labels: readonly Label[] = [];
  json.object((key) => {
    if (key === "value") float.value = json.null() ? null : readFinite(json);
    else if (key === "special") float.special = json.string();
    else if (key === "labels") labels = readLabels(json);
    else json.skip();
  });
  return { value: float64Of(json, float), labels };
}

function readMetadata(json: JsonReader): Metadata {
  let type = 0;
  let help = "";
  let unit = "";
  json.object((key) => {
    if (key === "type") type = enumNumber(json, metricTypes);
    else if (key === "help") help = json.string();
    else if (key === "unit") unit = json.string();
    else json.skip();
  });
  return { type, help, unit };
}

function readLabels(json: JsonReader): readonly Label[] {
  const labels: Label[] = [];
  json.object((name) => {
    if (name === "") throw json.malformed("a label without a name");
    labels.push({ name, value: json.string() });
  });
  return labels.sort((a, b) => compareCodePoints(a.name, b.name));
}

/** The order of the UTF-8 bytes. UTF-16, in which JavaScript compares, puts U+E000–U+FFFF behind the surrogates. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0);
  }
  return a.length - b.length;
}
