import { MalformedError } from "../errors.ts";

/** Objects and arrays nested deeper than this are refused: ours go four deep. */
export const nestingMax = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const numberPattern = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/**
 * Reads one JSON text (RFC 8259) token by token. Unlike JSON.parse it gives numbers as their digits, so that 64-bit
 * integers and −0 keep their bits, and refuses duplicate keys. Every method throws MalformedError on other content.
 */
export class JsonReader {
  private readonly bytes: Uint8Array;
  private offset = 0;
  private depth = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Calls `onField` for every key; it must read the value. */
  object(onField: (key: string) => void): void {
    const keys = new Set<string>();
    this.list(0x7b, 0x7d, () => {
      const key = this.string();
      if (keys.has(key)) throw this.malformed(`key ${JSON.stringify(key)} twice`);
      keys.add(key);
      this.take(0x3a);
      onField(key);
    });
  }

  /** Calls `onElement` for every element; it must read it. */
  array(onElement: (index: number) => void): void {
    let index = 0;
    this.list(0x5b, 0x5d, () => onElement(index++));
  }

  string(): string {
    this.take(0x22);
    const start = this.offset;
    const { bytes } = this;
    let escaped = false;
    for (;;) {
      const byte = bytes[this.offset];
      if (byte === undefined) throw this.malformed("a string without end");
      if (byte < 0x20) throw this.malformed("a control character in a string");
      this.offset++;
      if (byte === 0x22) break;
      if (byte !== 0x5c) continue;
      escaped = true;
      this.offset++;
    }
    const text = this.decode(start, this.offset - 1);
    return escaped ? this.unescape(text) : text;
  }

  /** The digits of a number, as written. */
  number(): string {
    this.skipBlanks();
    const start = this.offset;
    while (isNumberByte(this.bytes[this.offset])) this.offset++;
    const text = this.decode(start, this.offset);
    if (!numberPattern.test(text)) throw this.malformed(`${JSON.stringify(text)} instead of a number`);
    return text;
  }

  /** Whether `null` comes next; then it is read. */
  null(): boolean {
    if (this.peek() !== 0x6e) return false;
    this.word("null");
    return true;
  }

  /** Passes over any value. */
  skip(): void {
    const next = this.peek();
    if (next === 0x7b) this.object(() => this.skip());
    else if (next === 0x5b) this.array(() => this.skip());
    else if (next === 0x22) this.string();
    else if (next === 0x74) this.word("true");
    else if (next === 0x66) this.word("false");
    else if (!this.null()) this.number();
  }

  /** Nothing but blanks may follow. */
  end(): void {
    if (this.peek() !== undefined) throw this.malformed("more after the end");
  }

  malformed(what: string): MalformedError {
    return new MalformedError(`Cannot read the line: ${what} before byte ${this.offset}`);
  }

  private list(open: number, close: number, onEntry: () => void): void {
    this.take(open);
    if (++this.depth > nestingMax) throw this.malformed(`more than ${nestingMax} levels`);
    if (this.peek() === close) this.offset++;
    else {
      for (;;) {
        onEntry();
        if (this.peek() === close) break;
        this.take(0x2c);
      }
      this.offset++;
    }
    this.depth--;
  }

  private take(expected: number): void {
    const byte = this.peek();
    if (byte !== expected) {
      const found = byte === undefined ? "the end" : JSON.stringify(String.fromCharCode(byte));
      throw this.malformed(`${found} instead of ${JSON.stringify(String.fromCharCode(expected))}`);
    }
    this.offset++;
  }

  private word(word: string): void {
    const end = this.offset + word.length;
    if (this.decode(this.offset, Math.min(end, this.bytes.length)) !== word)
      throw this.malformed(`no ${word}`);
    this.offset = end;
  }

  /** The next byte that is not a blank, unread. */
  private peek(): number | undefined {
    this.skipBlanks();
    return this.bytes[this.offset];
  }

  private skipBlanks(): void {
    for (;;) {
      const byte = this.bytes[this.offset];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.offset++;
    }
  }

  private decode(start: number, end: number): string {
    try {
      return utf8.decode(this.bytes.subarray(start, end));
    } catch (error) {
      throw new MalformedError(`Cannot read the line: bytes ${start} to ${end} are not UTF-8`, {
        cause: error,
      });
    }
  }

  private unescape(text: string): string {
    const plain = text.replace(
      /\\(?:u([0-9a-fA-F]{4})|(.))/gs,
      (_, hex: string | undefined, char: string) => {
        if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
        const unescaped = escapes[char];
        if (unescaped === undefined) throw this.malformed(`escape \\${char}`);
        return unescaped;
      },
    );
    if (!plain.isWellFormed()) throw this.malformed("half a surrogate pair");
    return plain;
  }
}

function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    (byte | 0x20) === 0x65
  );
}
