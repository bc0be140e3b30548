/** The program itself is ended, with and without warning, while its senders write. */
import { setTimeout as sleep } from "node:timers/promises";
import { testRows } from "./matrix.ts";

await testRows([
  {
    name: "nothing goes wrong, file",
    kind: "bun",
    sink: "file",
    fault: () => sleep(5_000),
  },
  {
    name: "kill -9 every two seconds, file",
    kind: "bun",
    sink: "file",
    async fault(run) {
      for (let kill = 0; kill < 5; kill++) {
        await sleep(2_000);
        await run.killAndRestart(kill * 200);
      }
    },
  },
  {
    name: "SIGTERM under load, file",
    kind: "bun",
    sink: "file",
    async fault(run) {
      for (let stop = 0; stop < 2; stop++) {
        await sleep(2_000);
        await run.stopAndRestart();
      }
    },
  },
]);
