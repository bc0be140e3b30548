/** Protocol Buffers bytes at the speed a load needs: one growing array, no objects per field. */

const text = new TextEncoder();

/** Room for the length of an embedded message, which comes before it and is known after it. */
const lengthBytes = 2;

export class MessageWriter {
  private bytes = new Uint8Array(1 << 20);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  clear(): void {
    this.length = 0;
  }

  /** What was written, valid until `clear`. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** Field numbers up to 15: one byte. */
  tag(field: number, wireType: 0 | 1 | 2): void {
    this.need(1);
    this.bytes[this.length++] = field * 8 + wireType;
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    this.need(10);
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.bytes[this.length++] = (rest % 128) | 0x80;
    this.bytes[this.length++] = rest;
  }

  /** A whole number above −2^52, small ones in few bytes. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  double(value: number): void {
    this.need(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  raw(part: Uint8Array): void {
    this.need(part.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
  }

  string(field: number, value: string): void {
    const bytes = text.encode(value);
    this.tag(field, 2);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Begins an embedded message or packed field; the answer goes to `end`. */
  begin(field: number): number {
    this.tag(field, 2);
    this.need(lengthBytes);
    this.length += lengthBytes;
    return this.length;
  }

  end(start: number): void {
    const size = this.length - start;
    // The shortest form of the length, as every sender writes it; for most messages the two bytes are right.
    const sizeBytes = size < 1 << 7 ? 1 : size < 1 << 14 ? 2 : 3;
    if (size >= 1 << 21) throw new RangeError(`an embedded message of ${size} bytes is too long`);
    const at = start - lengthBytes;
    if (sizeBytes !== lengthBytes) {
      this.need(1);
      this.bytes.copyWithin(at + sizeBytes, start, start + size);
    }
    this.length = at;
    this.varint(size);
    this.length += size;
  }

  private need(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(2 * (this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}
