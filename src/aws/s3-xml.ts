/**
 * The few XML texts that S3 speaks.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html,
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
 */
import { isObject, type ServiceError } from "./answer.ts";

/** An element with elements in it; texts are strings, an element that comes more than once is an array. */
export type XmlElement = Readonly<Record<string, unknown>>;

/**
 * The one element of an XML text; or what the service says in its place, also with status 200. Its name does not count,
 * as for the AWS SDKs: not all services that are like S3 keep to it.
 */
export type ReadXml = (text: string) => { readonly value: XmlElement } | ServiceError;

/** A part of a multipart upload that the service has. */
export interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
  /** Of the part's bytes, in base64; undefined: it was sent without. */
  readonly sha256: string | undefined;
}

/** A multipart upload that is neither complete nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** Loads the parser when the first answer is to be read: only S3 speaks XML. */
export async function loadXmlReader(): Promise<ReadXml> {
  const { XMLParser } = await import("fast-xml-parser");
  const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, removeNSPrefix: true });
  return (text) => {
    // Blanks keep the connection alive while S3 puts an object together; they may stand before the declaration.
    const trimmed = text.trim();
    const unreadable = (why: string) => {
      const shown = JSON.stringify(trimmed.slice(0, 100));
      return { code: "malformed-answer", message: `the answer is no XML of S3 (${why}): ${shown}` };
    };
    // S3 declares no types, and entities of one's own are how a small text becomes a huge one.
    if (/<!DOCTYPE/i.test(trimmed)) return unreadable("it declares a document type");
    let parsed: unknown;
    try {
      parsed = parser.parse(trimmed, true);
    } catch (error) {
      return unreadable(error instanceof Error ? error.message : String(error));
    }
    if (!isObject(parsed)) return unreadable("it is empty");
    const error = parsed["Error"];
    if (isObject(error)) return { code: textOf(error, "Code"), message: textOf(error, "Message") };
    const element = Object.values(parsed).find(isObject);
    return element === undefined ? unreadable("it has no elements") : { value: element };
  };
}

/** The text of the child `name`; empty where there is none. */
export function textOf(element: XmlElement, name: string): string {
  const text = element[name];
  return typeof text === "string" ? text : "";
}

/** The uploads of a ListMultipartUploadsResult whose keys came with `encoding-type=url`. */
export function openUploads(result: XmlElement): readonly OpenUpload[] {
  const found: unknown = result["Upload"];
  const encoded = textOf(result, "EncodingType") === "url";
  return (Array.isArray(found) ? found : [found]).filter(isObject).map((upload) => ({
    key: encoded ? decode(textOf(upload, "Key")) : textOf(upload, "Key"),
    uploadId: textOf(upload, "UploadId"),
  }));
}

/** The body that puts an upload's parts together, in the order of their numbers. */
export function completeBody(parts: readonly UploadedPart[]): Uint8Array<ArrayBuffer> {
  const texts = parts.map(({ partNumber, etag, sha256 }) => {
    const checksum = sha256 === undefined ? "" : `<ChecksumSHA256>${sha256}</ChecksumSHA256>`;
    return `<Part><ETag>${escaped(etag)}</ETag>${checksum}<PartNumber>${partNumber}</PartNumber></Part>`;
  });
  const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
  const text = `<CompleteMultipartUpload xmlns="${namespace}">${texts.join("")}</CompleteMultipartUpload>`;
  return new TextEncoder().encode(text);
}

/** A key that is not escaped as it says is none of ours. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    if (error instanceof URIError) return "";
    throw error;
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
