/** Yardstick (a), the floor: what the native libraries take for the same bytes when nothing else is done. */
import { gzipSync } from "node:zlib";
import { uncompressSync } from "snappy";
import type { Contender } from "./measure.ts";
import type { Round } from "./rounds.ts";

/** Native snappy on the bodies and zlib level 1 on their lines. */
export const floor: Contender<Round> = {
  name: "floor",
  run(round) {
    floorSnappy.run(round);
    floorGzip.run(round);
  },
};

/** Its larger part alone. */
export const floorGzip: Contender<Round> = {
  name: "floor-gzip",
  run({ records }) {
    for (const record of records) gzipSync(record, { level: 1 });
  },
};

/** Its smaller part alone. */
export const floorSnappy: Contender<Round> = {
  name: "floor-snappy",
  run({ bodies }) {
    // Copied out: arrays that only wrap native memory cost a page fault per page, up to fifteen times as much.
    for (const { body } of bodies) uncompressSync(body as Buffer, { asBuffer: true, copyOutputData: true });
  },
};
