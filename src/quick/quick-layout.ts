/**
 * Where things stand in the memory that quick.as and its caller share, in bytes. scripts/build-wasm.ts hands every
 * number of this file to the AssemblyScript by its name.
 */

/** What is copied 16 bytes at a time may touch so many behind its end, read and written. */
export const slackBytes = 16;

/** Words that the caller sets before a call and reads after it, see quick-series.ts. */
export const outAt = 0;
export const outEndAt = 4;
export const keysAt = 8;
export const headsAt = 12;
export const hashShiftAt = 16;
export const lastAt = 20;
export const epochAt = 24;
export const usefulAt = 28;
export const lookupsAt = 32;
export const missesAt = 36;
export const fullAt = 40;
export const samplesAt = 44;
export const weighedAt = 48;
export const weighedMaxAt = 52;
export const repeatedAt = 56;
export const periodAt = 60;
export const symbolCountAt = 64;
export const lineBytesMaxAt = 68;
/** The time that was written last (int64), the bytes of its text, and the text `"time":…,"value":`. */
export const timeAt = 72;
export const timeBytesAt = 80;
export const timeTextAt = 96;
/** The text of a double that the host was asked for. */
export const doubleTextAt = 160;
/** Constants of the module. */
export const dataAt = 256;
/** What a series of 2.0 is known by: a word and the slots of its symbols. More references are not ordinary. */
export const keyAt = 4096;
export const refsMax = 256;
/** The labels of a series that is not known, twice, see labels.as. More of them are not ordinary. */
export const labelsAt = 5376;
export const labelsMax = 64;
export const labelBankBytes = 32 * labelsMax;
/** Of the symbols of a request: their slots, and where they start and end. More of them are not ordinary. */
export const symbolsMax = 16_384;
export const symbolSlotsAt = labelsAt + 2 * labelBankBytes;
export const symbolSpansAt = symbolSlotsAt + 4 * symbolsMax;
export const messageAt = symbolSpansAt + 8 * symbolsMax + slackBytes;
