/**
 * What a delivery stream does with our records on their way to S3, against `--compression`: pure rules.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationDescription.html (2026-11)
 */
import type { Compression } from "../compression.ts";
import { numberIn, objectIn, objectsIn, textIn } from "./aws-answer.ts";
import { failed, ok, type Step, warning } from "./step.ts";

type Fields = Readonly<Record<string, unknown>>;

const endings: Readonly<Record<Compression, string>> = { none: "", gzip: ".gz", zstd: ".zst" };

/** A step for each setting that the archive depends on. `toS3` is an ExtendedS3DestinationDescription. */
export function* judgeDelivery(toS3: Fields, compression: Compression): Generator<Step> {
  yield compressionStep(textIn(toS3, "CompressionFormat") || "UNCOMPRESSED", compression);
  yield extensionStep(toS3, compression);
  yield prefixStep(toS3);
  yield bufferingStep(objectIn(toS3, "BufferingHints"));
  yield* processingSteps(toS3, compression);
  yield errorsStep(toS3);
}

function compressionStep(format: string, compression: Compression): Step {
  const message = `--compression ${compression}, CompressionFormat ${format}`;
  if (compression !== "none" && format !== "UNCOMPRESSED") {
    const ending = endings[compression];
    const todo = `set CompressionFormat UNCOMPRESSED and FileExtension .ndjson${ending}, or give --compression none`;
    return warning("compression", `${message}: lines are compressed twice, and readers undo it once`, todo);
  }
  if (format !== "UNCOMPRESSED" && format !== "GZIP") {
    const todo = "set CompressionFormat GZIP, or UNCOMPRESSED with --compression gzip";
    return warning("compression", `${message}: Athena and DuckDB do not read ${format}`, todo);
  }
  return ok("compression", message);
}

function extensionStep(toS3: Fields, compression: Compression): Step {
  const extension = textIn(toS3, "FileExtension");
  const isGzip = textIn(toS3, "CompressionFormat") === "GZIP";
  // Of what Firehose compresses it names the ending itself, unless it is told another one.
  if (isGzip && extension === "") return ok("extension", "none set: Firehose adds .gz");
  const wanted = isGzip ? ".gz" : endings[compression];
  const shown = extension === "" ? "no FileExtension" : `FileExtension ${extension}`;
  const actual = [".gz", ".zst"].find((ending) => extension.endsWith(ending)) ?? "";
  const what = wanted === "" ? "plain lines" : wanted === ".gz" ? "gzip" : "zstd";
  if (actual === wanted) return ok("extension", `${shown}, and the objects are ${what}`);
  const message = `${shown}, but the objects are ${what}: readers go by the name's end and cannot read them`;
  return warning("extension", message, `set FileExtension .ndjson${wanted}`);
}

/** Letters of Java's DateTimeFormatter that make the hours of the archive's folders. */
const hourPattern = /(?:^|\/)yyyy\/MM\/dd\/HH\/$/;

function prefixStep(toS3: Fields): Step {
  const prefix = textIn(toS3, "Prefix");
  const zone = textIn(toS3, "CustomTimeZone");
  const where = `${textIn(toS3, "BucketARN").replace(/^arn:[a-z-]+:s3:::/, "s3://")}/${prefix}`;
  const todo = "let the prefix end with YYYY/MM/dd/HH folders in UTC: prometheus/!{timestamp:yyyy/MM/dd/HH}/";
  if (zone !== "" && !/^(?:utc|etc\/utc|gmt)$/i.test(zone))
    return warning("prefix", `${where} has hours of ${zone}: the table of ddl has those of UTC`, todo);
  const evaluated = prefix.replaceAll(/!\{timestamp:([^}]*)\}/g, (_, pattern: string) =>
    pattern.replaceAll("'", ""),
  );
  if (!prefix.includes("!{timestamp:")) {
    const folder = prefix === "" || prefix.endsWith("/");
    if (folder) return ok("prefix", `${where}YYYY/MM/dd/HH/, as Firehose does it by itself`);
    return warning("prefix", `${where} does not end with a slash: YYYY is part of a folder's name`, todo);
  }
  if (hourPattern.test(evaluated)) return ok("prefix", where);
  const isWeekYear = /YYYY/.test(evaluated) && hourPattern.test(evaluated.replace("YYYY", "yyyy"));
  const why = isWeekYear
    ? "has YYYY, the year of the week, which is another one around New Year"
    : "does not end with folders of hours: the table of ddl does not find its objects";
  return warning("prefix", `${where} ${why}`, todo);
}

/** Objects of less are many and small; readers pay by the object. */
const intervalSecondsMin = 60;

function bufferingStep(hints: Fields): Step {
  const seconds = numberIn(hints, "IntervalInSeconds");
  const mebibytes = numberIn(hints, "SizeInMBs");
  const message = `an object every ${seconds ?? "?"} s or ${mebibytes ?? "?"} MB, whichever comes first`;
  if (seconds !== undefined && seconds < intervalSecondsMin) {
    const todo = "raise BufferingHints.IntervalInSeconds (300 and more), unless readers need it so soon";
    return warning("buffering", `${message}: small objects make reading slow and dear`, todo);
  }
  return ok("buffering", message);
}

function* processingSteps(toS3: Fields, compression: Compression): Generator<Step> {
  const processing = objectIn(toS3, "ProcessingConfiguration");
  const types =
    processing["Enabled"] === true
      ? objectsIn(processing, "Processors").map((processor) => textIn(processor, "Type"))
      : [];
  const findings = types.flatMap((type) => processorStep(type, compression) ?? []);
  if (objectIn(toS3, "DynamicPartitioningConfiguration")["Enabled"] === true) {
    const message = "dynamic partitioning is on: a record has lines of many series and is taken for one";
    findings.push(warning("processing", message, "turn it off: the archive is laid out by the hour"));
  }
  if (objectIn(toS3, "DataFormatConversionConfiguration")["Enabled"] === true) {
    const message = "conversion to Parquet or ORC is on: what comes out is no archive of lines";
    const unreadable = "conversion to Parquet or ORC is on, and cannot see into compressed records";
    const todo = "turn DataFormatConversionConfiguration off";
    findings.push(
      compression === "none"
        ? warning("processing", message, todo)
        : failed("processing", unreadable, `${todo}, or give --compression none`),
    );
  }
  if (findings.length === 0) yield ok("processing", "records are delivered as they are put");
  yield* findings;
}

function processorStep(type: string, compression: Compression): Step | undefined {
  if (type === "AppendDelimiterToRecord") {
    const todo = "remove this processor: our records end with a line end already";
    if (compression === "none")
      return warning("processing", "AppendDelimiterToRecord puts an empty line behind each record", todo);
    const message = `AppendDelimiterToRecord puts a byte between ${compression} records: what follows is unreadable`;
    return failed("processing", message, todo);
  }
  if (type === "Lambda") {
    const sees = compression === "none" ? "records of many lines" : `records of many lines in ${compression}`;
    const message = `a Lambda function transforms the records: it has to take ${sees}, and give all of them back`;
    return warning("processing", message, "make sure that it does, or remove the transformation");
  }
  if (type === "Decompression" || type === "CloudWatchLogProcessing") {
    const message = `${type} is for CloudWatch Logs: our records fail there`;
    return failed("processing", message, "remove this processor");
  }
  // RecordDeAggregation and MetadataExtraction belong to dynamic partitioning, which is told of by itself.
  return undefined;
}

function errorsStep(toS3: Fields): Step {
  const prefix = textIn(toS3, "ErrorOutputPrefix");
  const isLogged = objectIn(toS3, "CloudWatchLoggingOptions")["Enabled"] === true;
  const logged = isLogged ? "delivery errors are logged" : "delivery errors are not logged";
  if (prefix === "") {
    const message = `no ErrorOutputPrefix: what fails lands beside the archive; ${logged}`;
    return warning(
      "errors",
      message,
      "set ErrorOutputPrefix errors/!{firehose:error-output-type}/, and an alarm on it",
    );
  }
  if (!isLogged) {
    const todo =
      "turn CloudWatchLoggingOptions on: without it nobody says why Firehose cannot write to the bucket";
    return warning("errors", `what fails lands in ${prefix}; ${logged}`, todo);
  }
  return ok("errors", `what fails lands in ${prefix}; ${logged}`);
}
