/** All that outlives a process: the disk, the bucket, the services, and the weather over them. */
import type { Metrics } from "../../src/metrics.ts";
import { withFaults } from "../../src/sink/file/fault.ts";
import { listQuarantine, quarantinePath, readQuarantineFile } from "../../src/sink/quarantine/read.ts";
import type { Sink } from "../../src/sink/sink.ts";
import { MemoryBucket } from "../ship/memory-bucket.ts";
import { CrashingFiles } from "../support/crashing-files.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Chance } from "./chance.ts";
import { faultyBucket } from "./faulty-bucket.ts";
import { type Fault, FaultySink, faults, type Weather } from "./faulty-sink.ts";
import type { IntakeParts, Sabotage } from "./intake.ts";
import { FakeStream } from "./kinesis-stream.ts";
import type { ProcessClock } from "./process-clock.ts";
import { calmDisk, type DiskWeather, processFiles } from "./process-files.ts";
import { archiveDirectory, isKinesis, quarantineDirectory, type SimSettings } from "./settings.ts";
import { SpooledOrder } from "./spooled-order.ts";
import type { Store } from "./store.ts";
import { watchSink } from "./watch-sink.ts";

export interface SurroundingsOptions {
  readonly settings: SimSettings;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly store: Store;
  readonly sabotage: Sabotage;
  readonly note: (what: string) => void;
  readonly violate: (what: string) => void;
}

const noWeather = Object.fromEntries(faults.map((fault) => [fault, 0])) as Weather;
/** Faults that last: all puts meet them for a while. */
const lasting: readonly Fault[] = [
  "throttled",
  "hangs",
  "blocked",
  "reset",
  "answer lost",
  "half fails",
  "deaf",
];
/** Beside the lines: headers and end marks of segments. */
const segmentExtraBytes = 4_096;
const decoder = new TextDecoder();

export class Surroundings {
  readonly disk: CrashingFiles;
  readonly order = new SpooledOrder();
  puts = 0;
  private readonly options: SurroundingsOptions;
  private readonly bucket = new MemoryBucket();
  private readonly stream: FakeStream | undefined;
  private weather: Weather;
  private diskWeather: DiskWeather;
  private bucketWeather: number;

  constructor(options: SurroundingsOptions) {
    const { chance, settings } = options;
    this.options = options;
    this.disk = new CrashingFiles(chance.random);
    const most = chance.pick([0, 0.02, 0.1]);
    this.weather = Object.fromEntries(faults.map((fault) => [fault, most * chance.random()])) as Weather;
    const hasDisk = chance.happens(0.6);
    this.diskWeather = {
      isFull: false,
      fails: hasDisk ? chance.pick([0, 0.002, 0.03]) : 0,
      cutsShort: chance.pick([0, 0.05]),
      isSlow: hasDisk ? chance.pick([0, 0.01]) : 0,
    };
    this.bucketWeather = chance.pick([0, 0.1, 0.5]);
    if (isKinesis(settings.topology)) this.stream = new FakeStream(options);
  }

  /** Faults that come and go, until `untilMs`. */
  begin(untilMs: number): void {
    const { clock, chance, note } = this.options;
    const usual = this.weather;
    for (let count = chance.int(0, 2); count > 0; count--) {
      const fault = chance.pick(lasting);
      const fromMs = chance.int(0, untilMs);
      clock.after(fromMs, () => {
        note(`lasting ${fault}`);
        this.weather = { ...noWeather, [fault]: 1 };
      });
      clock.after(Math.min(untilMs, fromMs + chance.int(1_000, 70_000)), () => (this.weather = usual));
    }
    if (chance.happens(0.4)) {
      const fromMs = chance.int(0, untilMs);
      clock.after(fromMs, () => (this.diskWeather = { ...this.diskWeather, isFull: true }));
      const toMs = Math.min(untilMs, fromMs + chance.int(100, 40_000));
      clock.after(toMs, () => (this.diskWeather = { ...this.diskWeather, isFull: false }));
    }
    this.stream?.begin(untilMs);
  }

  calm(): void {
    this.weather = noWeather;
    this.diskWeather = calmDisk;
    this.bucketWeather = 0;
    this.stream?.calm();
  }

  /** What a process gets of it. */
  partsFor(clock: ProcessClock, metrics: Metrics): IntakeParts {
    const { settings, chance, sabotage, note, violate } = this.options;
    const weather = () => this.diskWeather;
    const files = processFiles({ disk: this.disk, inside: clock, chance, weather, note });
    const outside = this.options.clock;
    const bucket = { kept: this.bucket, weather: () => this.bucketWeather };
    return {
      settings,
      clock,
      metrics,
      sabotage,
      random: chance.random,
      files: sabotage.files?.(files) ?? files,
      bucket: faultyBucket({ ...bucket, chance, outside, inside: clock, note }),
      order: this.order,
      openSink: () => this.stream?.openSink(clock) ?? this.faultySink(clock),
      watch: (sink: Sink, putsInFlightMax: number) => {
        const isFront = sink.name.startsWith("spool:");
        const onPut = isFront
          ? () => this.checkDisk()
          : (records: readonly Uint8Array[]) => this.onPut(records);
        return watchSink(sink, { inside: clock, putsInFlightMax, onPut, violate });
      },
    };
  }

  /** Parts that an earlier process left: a start that could not look for them leaves them to the next one. */
  get hasLeftParts(): boolean {
    return this.disk.paths().some((path) => path.startsWith(archiveDirectory) && !path.endsWith(".ndjson"));
  }

  /** The machine loses power; what is on its disk is what was synced, and by chance more. */
  losePower(): void {
    this.disk.powerOff();
    this.disk.restart();
  }

  /** Asked after the last process has ended: what files and objects hold is the archive, too. */
  collect(): void {
    const { store, settings, violate } = this.options;
    if (settings.topology === "file") {
      for (const path of this.disk.paths().filter((each) => each.startsWith(archiveDirectory))) {
        if (path.endsWith(".ndjson")) store.keep(this.disk.contents(path)!);
        else violate(`left in the archive: ${path}`);
      }
    }
    let reached = -1;
    for (const [key, bytes] of this.bucket.objects) {
      store.keep(bytes);
      const lines = decoder.decode(bytes).split("\n").slice(0, -1);
      // Of a line that was sent twice nobody knows which frame this one is from.
      const single = lines.filter((line) => this.order.framesWith(line) === 1);
      const places = single.map((line) => this.order.placeOf(line)!);
      if (Math.min(...places) < reached) violate(`object ${key} is older than the one before it`);
      reached = Math.max(reached, ...places);
    }
    if (this.bucket.uploads.size > 0) this.options.note("upload left");
    if (settings.topology !== "objects") return;
    for (const line of store.lines) {
      const copies = store.copiesOf(line);
      const frames = this.order.framesWith(line);
      if (copies > frames) violate(`in ${copies} objects, but only in ${frames} frames: ${line}`);
    }
  }

  /** The lines in the quarantine. */
  async quarantined(): Promise<ReadonlySet<string>> {
    const files = withFaults(this.disk);
    const lines = new Set<string>();
    for (const name of await listQuarantine(files, quarantineDirectory)) {
      for await (const { entry } of readQuarantineFile(files, quarantinePath(quarantineDirectory, name))) {
        if (entry === undefined) continue;
        for (const line of this.options.store.linesIn(entry.line, "in quarantine")) lines.add(line);
      }
    }
    return lines;
  }

  private onPut(records: readonly Uint8Array[]): void {
    const { settings, violate } = this.options;
    this.puts++;
    const lines = records.flatMap((record) => decoder.decode(record).split("\n").slice(0, -1));
    const ahead = this.order.tried(lines);
    const { pendingBytesMax, batchBytesMax, putsInFlightMax } = settings;
    // Two frames may stand at the edge of the window, and a put is of whole records.
    const windowBytes = Math.min(pendingBytesMax, batchBytesMax * (putsInFlightMax + 2)) + 3 * batchBytesMax;
    if (ahead > windowBytes) violate(`lines are put ${ahead} bytes before their turn`);
  }

  private checkDisk(): void {
    const { settings, violate } = this.options;
    const paths = this.disk.paths().filter((path) => /^\/spool\/\d+\.\w+$/.test(path));
    const bytes = paths.reduce((sum, path) => sum + this.disk.contents(path)!.length, 0);
    const most = settings.spoolBytesMax + segmentExtraBytes;
    if (bytes > most) violate(`the spool has ${bytes} bytes, ${settings.spoolBytesMax} at most`);
  }

  private faultySink(inside: ProcessClock): Sink {
    const { settings, clock, chance, store, note } = this.options;
    const { limits, refuses } = settings;
    const weather = () => this.weather;
    return new FaultySink({ limits, refuses, chance, store, outside: clock, inside, weather, note });
  }
}
