/** Some lines in a row, to be cut where one ends. */
export class LinesBuffer {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Where each line starts, and where the last one ends. */
  private readonly starts: readonly number[];

  constructor(text: string) {
    this.bytes = new TextEncoder().encode(text);
    const starts = [0];
    for (let at = this.bytes.indexOf(0x0a); at >= 0; at = this.bytes.indexOf(0x0a, at + 1))
      starts.push(at + 1);
    this.starts = starts;
    this.count = starts.length - 1;
  }

  /** `count` lines from the `first` on, as far as there are so many. */
  slice(first: number, count: number): Uint8Array {
    return this.bytes.subarray(this.starts[first], this.starts[Math.min(first + count, this.count)]);
  }
}
