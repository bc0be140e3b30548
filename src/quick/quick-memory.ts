import { KnownSeries } from "../model/known-series.ts";
import type { Place } from "../wire/known-bytes.ts";
import { createSnappyRoom, type SnappyRoom, snappyRoomBytes } from "../wire/snappy-memory.ts";
import { snappyModule } from "../wire/snappy-module.ts";
import { createWasmMemory, loadModule, takesModule } from "../wire/wasm.ts";
import {
  dataAt,
  doubleTextAt,
  messageAt,
  slackBytes,
  symbolSlotsAt,
  symbolSpansAt,
  symbolsMax,
} from "./quick-layout.ts";
import { quickModule } from "./quick-module.ts";

/** One memory for all that quick.as works on: the message, the lines it makes, and the series that are known. */
export interface QuickMemory {
  readonly control: Int32Array;
  readonly snappy: SnappyRoom;
  /** Where lines are written. */
  readonly lines: Uint8Array;
  /** For the keys of the known series. */
  readonly keys: Place;
  /** For the symbols of 2.0: their slots, and where they start and end. */
  readonly symbolSlots: Int32Array;
  readonly symbolSpans: Int32Array;
  readonly passV1: Pass;
  readonly passV2: Pass;
  /** Writes the shortest text of the finite double with these bits to an address, and answers where it ends. */
  readonly writeNumber: (to: number, bits: bigint) => number;
}

/** From an address on, up to another one; answers where it stopped. */
type Pass = (from: number, end: number) => number;

/** Undefined where the engine has no WebAssembly with SIMD, or no memory for it: then all goes the longer way. */
export function createQuickMemory(linesBytes: number, knownSeriesBytes: number): QuickMemory | undefined {
  if (!takesModule(quickModule) || !takesModule(snappyModule)) return undefined;
  const linesAt = roundUp(messageAt + snappyRoomBytes);
  const keysAt = roundUp(linesAt + linesBytes + slackBytes);
  let memory: WebAssembly.Memory;
  try {
    memory = createWasmMemory(keysAt + KnownSeries.keysBytes(knownSeriesBytes) + slackBytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const { buffer } = memory;
  const bytes = new Uint8Array(buffer);
  const instance = new WebAssembly.Instance(loadModule(quickModule), {
    env: { memory },
    host: { doubleText: (hi: number, lo: number) => writeDoubleText(bytes, hi, lo) },
  });
  return {
    control: new Int32Array(buffer, 0, dataAt / 4),
    symbolSlots: new Int32Array(buffer, symbolSlotsAt, symbolsMax),
    symbolSpans: new Int32Array(buffer, symbolSpansAt, 2 * symbolsMax),
    snappy: createSnappyRoom(memory, messageAt),
    lines: new Uint8Array(buffer, linesAt, linesBytes),
    keys: { buffer, start: keysAt },
    passV1: instance.exports["passV1"] as Pass,
    passV2: instance.exports["passV2"] as Pass,
    writeNumber: instance.exports["writeNumber"] as QuickMemory["writeNumber"],
  };
}

function roundUp(address: number): number {
  return Math.ceil(address / slackBytes) * slackBytes;
}

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);

/** For doubles whose shortest text the module does not find: those with 16 or 17 digits, and with an exponent. */
function writeDoubleText(bytes: Uint8Array, hi: number, lo: number): number {
  halves[0] = lo;
  halves[1] = hi;
  const text = String(double[0]);
  for (let i = 0; i < text.length; i++) bytes[doubleTextAt + i] = text.charCodeAt(i);
  return text.length;
}
