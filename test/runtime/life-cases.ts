import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withDirectory, withProgram } from "../support/program.ts";
import { postHead, withConnection } from "../support/raw-http.ts";
import type { Case } from "./black-box.ts";
import { assertArchived, postOne, startLoad } from "./senders.ts";

/** A server that takes connections and says nothing. */
async function withSilentServer(use: (url: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on("error", () => socket.destroy())));
  server.listen(0, "127.0.0.1");
  try {
    await once(server, "listening");
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    await use(`http://127.0.0.1:${address.port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

export const lifeCases: readonly Case[] = [
  {
    name: "SIGTERM under load: all that was acked is in the archive, and the exit code is 0",
    run: (kind) =>
      withDirectory((cwd) =>
        withProgram(kind, { cwd, args: ["--linger", "20ms"] }, async (program) => {
          const load = startLoad(program, "sender");
          await sleep(700);
          program.signal("SIGTERM");
          const { code, stderr } = await program.ended;
          await load.stop();
          assert.equal(code, 0, stderr);
          assert.match(stderr, /msg=draining signal=SIGTERM/);
          assert.ok(load.acked.size > 20, `${load.acked.size} acked`);
          const odd = [...load.statuses].filter((status) => ![0, 204, 503].includes(status));
          assert.deepEqual(odd, []);
          await assertArchived(join(cwd, "archive"), load.acked);
        }),
      ),
  },
  {
    name: "kill -9 under load and a restart: all that was acked is in the archive",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const acked = new Set<string>();
        for (let round = 0; round < 2; round++) {
          await withProgram(
            kind,
            { cwd, args: ["--linger", "5ms", "--rotate-age", "200ms"] },
            async (program) => {
              const load = startLoad(program, `round${round}sender`);
              await sleep(600);
              program.signal("SIGKILL");
              await program.ended;
              await load.stop();
              assert.ok(load.acked.size > 20, `${load.acked.size} acked`);
              for (const sample of load.acked) acked.add(sample);
            },
          );
        }
        await withProgram(kind, { cwd }, async (program) => {
          program.signal("SIGINT");
          assert.equal((await program.ended).code, 0, program.log());
        });
        await assertArchived(join(cwd, "archive"), acked);
      }),
  },
  {
    name: "a request under way at SIGTERM is answered before the end",
    run: (kind) =>
      withDirectory((cwd) =>
        withProgram(kind, { cwd, args: ["--linger", "10s"] }, async (program) => {
          const waiting = postOne(program.url, "waiting", 1);
          await sleep(500);
          program.signal("SIGTERM");
          assert.equal(await waiting, 204);
          assert.equal((await program.ended).code, 0, program.log());
          await assertArchived(join(cwd, "archive"), new Set(["waiting 1"]));
        }),
      ),
  },
  {
    name: "an idle, a silent and an unfinished connection do not hold up the end",
    run: (kind) =>
      withDirectory((cwd) =>
        withProgram(kind, { cwd }, async (program) => {
          await withConnection(program.port, async (idle) => {
            idle.send("GET /-/ready HTTP/1.1\r\nHost: test\r\n\r\n");
            assert.equal((await idle.answer()).status, 200);
            await withConnection(program.port, () =>
              withConnection(program.port, async (unfinished) => {
                unfinished.send(postHead("Content-Length: 100"), "abc");
                await sleep(200);
                const startedMs = performance.now();
                program.signal("SIGINT");
                assert.equal((await program.ended).code, 0, program.log());
                assert.ok(performance.now() - startedMs < 8_000);
              }),
            );
          });
        }),
      ),
  },
  {
    name: "a sink that never answers: the end comes at --drain-timeout, with exit code 1 and what is left",
    run: (kind) =>
      withDirectory((cwd) =>
        withSilentServer(async (endpoint) => {
          const env = { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s" };
          const args = ["--sink", "kinesis:s", "--region", "eu-west-1", "--drain-timeout", "1s"];
          await withProgram(kind, { cwd, env, args }, async (program) => {
            const waiting = postOne(program.url, "waiting", 1);
            await sleep(500);
            const startedMs = performance.now();
            program.signal("SIGTERM");
            const { code, stderr } = await program.ended;
            assert.equal(code, 1, stderr);
            assert.match(stderr, /level=error .*pendingBytes=[1-9]/);
            assert.ok(performance.now() - startedMs < 8_000);
            assert.ok([0, 503].includes(await waiting));
          });
        }),
      ),
  },
  {
    name: "a second signal ends it at once with exit code 1; one that comes with the first does not",
    run: (kind) =>
      withDirectory((cwd) =>
        withProgram(kind, { cwd }, async (program) => {
          await withConnection(program.port, async ({ send }) => {
            send(postHead("Content-Length: 100"), "abc");
            await sleep(200);
            program.signal("SIGTERM");
            program.signal("SIGTERM");
            await sleep(900);
            const startedMs = performance.now();
            program.signal("SIGTERM");
            assert.equal((await program.ended).code, 1, program.log());
            assert.match(program.log(), /stopped at once by a second signal/);
            assert.ok(performance.now() - startedMs < 1_000);
          });
        }),
      ),
  },
];
