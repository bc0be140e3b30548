/** What is fed in: the corpus, and generated requests of 2,000 samples. */

export interface Input {
  /** Real requests in place of generated ones; all else but `version` says nothing then. */
  readonly isCorpus: boolean;
  readonly version: 1 | 2;
  readonly series: number;
  /** Of one series in one request. */
  readonly samplesPerSeries: number;
  readonly samplesPerRequest: number;
  /** Whether one in twenty series is a native histogram. */
  readonly native: boolean;
  /** 2.0: each series carries its type and help, as senders do that have them. */
  readonly metadata: boolean;
}

const generated = (series: number, more: Partial<Input> = {}): Input => ({
  ...{
    isCorpus: false,
    version: 1,
    series,
    samplesPerSeries: 1,
    samplesPerRequest: 2_000,
    native: false,
    metadata: false,
  },
  ...more,
});

export const inputs = {
  corpus: generated(0, { isCorpus: true }),
  "rw1-2k": generated(2_000),
  "rw1-10k": generated(10_000),
  "rw1-100k": generated(100_000),
  "rw1-1M": generated(1_000_000),
  "rw2-10k": generated(10_000, { version: 2 }),
  "rw2-100k": generated(100_000, { version: 2 }),
  "rw2-1M": generated(1_000_000, { version: 2 }),
  "rw2-10k-metadata": generated(10_000, { version: 2, metadata: true }),
  "rw1-10k-native": generated(10_000, { native: true }),
  "rw2-10k-native": generated(10_000, { version: 2, native: true }),
  "rw1-10-each": generated(10_000, { samplesPerSeries: 10 }),
  "rw1-100-each": generated(10_000, { samplesPerSeries: 100 }),
  "rw1-1000-each": generated(10_000, { samplesPerSeries: 1_000 }),
} as const satisfies Record<string, Input>;

export type InputName = keyof typeof inputs;
export const inputNames = Object.keys(inputs) as readonly InputName[];

export function inputNamed(name: string): Input {
  const input = inputs[name as InputName];
  if (input === undefined) throw new RangeError(`no input ${name}: there are ${inputNames.join(", ")}`);
  return input;
}
