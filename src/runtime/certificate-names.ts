/** The names a certificate was given to, read from its bytes: as text they could be made to look like others. */
import { toHex } from "../wire/hex.ts";

const sequenceTag = 0x30;
const octetStringTag = 0x04;
const objectIdTag = 0x06;
const extensionsTag = 0xa3;
/** 2.5.29.17, subjectAltName. https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6 */
const subjectAltName = "551d11";
const nameTags = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 } as const;
const textTags: readonly number[] = [nameTags.email, nameTags.dns, nameTags.uri];

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/**
 * The subject alternative names of an X.509 certificate in DER: DNS names, e-mail addresses, URIs, and IP addresses as
 * text, IPv6 in its shortest form. Throws a RangeError for bytes that are no certificate.
 */
export function certificateNames(der: Uint8Array): readonly string[] {
  const certificate = readElements(der)[0];
  const toBeSigned = readElements(expect(certificate, sequenceTag).content)[0];
  const parts = readElements(expect(toBeSigned, sequenceTag).content);
  const extensions = parts.find(({ tag }) => tag === extensionsTag);
  if (extensions === undefined) return [];
  const list = readElements(expect(readElements(extensions.content)[0], sequenceTag).content);
  return list.flatMap((extension) => {
    const [id, ...rest] = readElements(expect(extension, sequenceTag).content);
    if (toHex(expect(id, objectIdTag).content) !== subjectAltName) return [];
    const value = expect(rest.at(-1), octetStringTag);
    return readElements(expect(readElements(value.content)[0], sequenceTag).content).flatMap(readName);
  });
}

/** An IP address as `certificateNames` writes it; any other text as it is. */
export function comparableName(name: string): string {
  if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(name)) return name;
  try {
    return new URL(`http://[${name}]/`).hostname.slice(1, -1);
  } catch (error) {
    if (error instanceof TypeError) return name;
    throw error;
  }
}

function readName({ tag, content }: Element): string[] {
  if (textTags.includes(tag)) return [new TextDecoder("latin1").decode(content)];
  if (tag !== nameTags.ip) return [];
  if (content.length === 4) return [content.join(".")];
  const groups = Array.from({ length: 8 }, (_, at) => toHex(content.subarray(2 * at, 2 * at + 2)));
  return content.length === 16 ? [comparableName(groups.join(":"))] : [];
}

function expect(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw new RangeError("not a certificate: its DER has another shape");
  return element;
}

function readElements(bytes: Uint8Array): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++]!;
    let length = bytes[at++] ?? bytes.length;
    if (length > 0x80 && length <= 0x84) {
      const lengthBytes = length - 0x80;
      length = 0;
      for (let left = lengthBytes; left > 0; left--) length = length * 256 + (bytes[at++] ?? 0);
    } else if (length >= 0x80) length = bytes.length;
    if (at + length > bytes.length) throw new RangeError("not a certificate: its DER ends early");
    elements.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}
