/** Holds a spool's directory until it is killed. */
import { systemClock } from "../../src/clock.ts";
import { holdDirectory } from "../../src/sink/spool/hold.ts";

const directory = process.argv[2]!;
await holdDirectory({ directory, clock: systemClock, random: Math.random });
console.log("holding");
setInterval(() => undefined, 1_000);
