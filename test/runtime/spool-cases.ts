import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FakeAws, startFakeAws } from "../support/fake-aws/fake-aws.ts";
import { type Program, runProgram, withDirectory, withProgram } from "../support/program.ts";
import { freePort, waitUntil } from "../support/server-process.ts";
import { largeRequest, writeHeadersV1 } from "../support/write-request.ts";
import type { Case } from "./black-box.ts";
import { assertArchived, postOne, startLoad } from "./senders.ts";

const deliveryStream = "metrics";
const credentials = { accessKeyId: "AKID", secretAccessKey: "secret" };
const keys = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};
const smallSpool = ["--spool-bytes", "1MiB", "--spool-compression", "none", "--linger", "0"];
const firehoseArgs = ["--sink", "firehose:metrics", "--region", "us-east-1", "--spool-dir", "spool"];

/** Where a Firehose will be once it is started; until then connections are refused. */
async function withFirehose(
  use: (place: { env: Record<string, string>; start: () => Promise<FakeAws> }) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const started: FakeAws[] = [];
  const start = async () => {
    const deliveryStreams = [{ name: deliveryStream, bucket: "archive" }];
    const firehose = await startFakeAws({ port, credentials, deliveryStreams });
    started.push(firehose);
    return firehose;
  };
  try {
    await use({ env: { ...keys, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` }, start });
  } finally {
    for (const firehose of started) {
      assert.deepEqual(firehose.problems, []);
      await firehose.close();
    }
  }
}

function timesOf(fake: FakeAws): number[] {
  return fake.lines({ deliveryStream }).map((line) => (JSON.parse(line) as { time: number }).time);
}

async function readiness({ url }: Program): Promise<string> {
  const response = await fetch(`${url}/-/ready`);
  return `${response.status} ${await response.text()}`;
}

async function postBatch({ url }: Program, from: number, count: number): Promise<void> {
  for (let time = from; time < from + count; time++) assert.equal(await postOne(url, "a", time), 204);
}

/** A twelfth of a small spool. */
async function postLarge({ url }: Program) {
  const body = new Uint8Array(largeRequest("filler", 90_000).body);
  const response = await fetch(`${url}/receive`, { method: "POST", headers: writeHeadersV1, body });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** The whole numbers from 1 to `count`. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

export const spoolCases: readonly Case[] = [
  {
    name: "with a spool, kill -9 three times under load: all that was acked is in the archive",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const args = ["--spool-dir", "spool", "--linger", "5ms", "--ship-linger", "20ms"];
        const acked = new Set<string>();
        for (let round = 0; round < 3; round++) {
          await withProgram(kind, { cwd, args }, async (program) => {
            const load = startLoad(program, `round${round}sender`);
            await sleep(600);
            program.signal("SIGKILL");
            await program.ended;
            await load.stop();
            assert.ok(load.acked.size > 20, `${load.acked.size} acked`);
            for (const sample of load.acked) acked.add(sample);
          });
        }
        await withProgram(kind, { cwd, args }, async (program) => {
          program.signal("SIGTERM");
          const { code, stderr } = await program.ended;
          assert.equal(code, 0, stderr);
          assert.doesNotMatch(stderr, /level=error|lines stay in the spool/);
        });
        await assertArchived(join(cwd, "archive"), acked);
      }),
  },
  {
    name: "with a spool it starts and acks while the sink refuses connections; then all arrives in order of age",
    run: (kind) =>
      withDirectory((cwd) =>
        withFirehose(async ({ env, start }) => {
          const args = [...firehoseArgs, "--linger", "0", "--puts-in-flight", "1"];
          await withProgram(kind, { cwd, env, args }, async (program) => {
            await postBatch(program, 1, 100);
            assert.match(await readiness(program), /^200 Ready/);
            const firehose = await start();
            await postBatch(program, 101, 100);
            await waitUntil("all is shipped", 30_000, async () => timesOf(firehose).length >= 200);
            assert.deepEqual(timesOf(firehose), upTo(200));
          });
        }),
      ),
  },
  {
    name: "SIGTERM while the sink is away: exit code 0, what is left is told, and the next start ships it once",
    run: (kind) =>
      withDirectory((cwd) =>
        withFirehose(async ({ env, start }) => {
          const args = [...firehoseArgs, "--linger", "0", "--drain-timeout", "1s"];
          await withProgram(kind, { cwd, env, args }, async (program) => {
            await postBatch(program, 1, 20);
            program.signal("SIGTERM");
            const { code, stderr } = await program.ended;
            assert.equal(code, 0, stderr);
            assert.match(stderr, /lines stay in the spool for the next start" spool=\S+ bytes=[1-9]/);
          });
          const firehose = await start();
          await withProgram(kind, { cwd, env, args }, async (program) => {
            assert.match(program.log(), /an earlier run has left lines in the spool/);
            assert.doesNotMatch(program.log(), /damaged/);
            await waitUntil("all is shipped", 30_000, async () => timesOf(firehose).length >= 20);
            program.signal("SIGTERM");
            const { code, stderr } = await program.ended;
            assert.equal(code, 0, stderr);
            assert.doesNotMatch(stderr, /lines stay in the spool/);
          });
          assert.deepEqual(timesOf(firehose), upTo(20));
        }),
      ),
  },
  {
    name: "a second program on the same spool is refused with exit code 1, also one that would only replay it",
    run: (kind) =>
      withDirectory((cwd) =>
        withProgram(kind, { cwd, args: ["--spool-dir", "spool"] }, async () => {
          for (const command of ["serve", "spool"]) {
            const words = command === "spool" ? ["spool", "replay"] : [command];
            const args = [...words, "--spool-dir", "spool", "--listen-addr", "127.0.0.1:0"];
            const { code, stderr } = await runProgram(kind, { cwd, args });
            assert.equal(code, 1, stderr);
            assert.match(stderr, /^prometheus-remote-kinesis: .*spool.*\n$/);
          }
        }),
      ),
  },
  {
    name: "a full spool: 503 at once and /-/ready says why; once it is shipped requests are taken again",
    run: (kind) =>
      withDirectory((cwd) =>
        withFirehose(async ({ env, start }) => {
          const args = [...firehoseArgs, ...smallSpool, "--ack-timeout", "2s"];
          await withProgram(kind, { cwd, env, args }, async (program) => {
            const post = () => postLarge(program);
            let taken = 0;
            let last = await post();
            for (; last.status === 204 && taken < 20; taken++) last = await post();
            assert.ok(taken >= 5 && taken < 12, `${taken} taken`);
            const startedMs = performance.now();
            const refused = await post();
            assert.equal(refused.status, 503);
            assert.ok(performance.now() - startedMs < 1_000, "refused only after the ack timeout");
            assert.match(refused.text, /the spool is full: .* raise --spool-bytes/);
            assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
            assert.match(await readiness(program), /^503 the spool is full/);
            await start();
            await waitUntil("it takes more", 30_000, async () => (await post()).status === 204);
            await waitUntil("it is ready", 10_000, async () => (await readiness(program)) === "200 Ready\n");
          });
        }),
      ),
  },
  {
    name: "a sink that needs someone to change something: requests are taken, and /-/ready and the log say what",
    run: (kind) =>
      withDirectory((cwd) =>
        withFirehose(async ({ env, start }) => {
          (await start()).fault({ kind: "error", code: "AccessDeniedException" });
          const args = [...firehoseArgs, "--linger", "0", "--ship-linger", "0"];
          await withProgram(kind, { cwd, env, args }, async (program) => {
            await postBatch(program, 1, 3);
            const said = /^200 Ready, but the spool fills: .*AccessDenied/;
            await waitUntil("it is told", 10_000, async () => said.test(await readiness(program)));
            await postBatch(program, 4, 3);
            const startedMs = performance.now();
            program.signal("SIGTERM");
            const { code, stderr } = await program.ended;
            assert.equal(code, 0, stderr);
            assert.ok(performance.now() - startedMs < 8_000, "waited for someone who does not come");
            assert.match(stderr, /AccessDenied/);
            assert.match(stderr, /lines stay in the spool/);
          });
        }),
      ),
  },
  {
    name: "SIGTERM under load with a spool, and a second one at once after it: nothing acked is lost",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const args = ["--spool-dir", "spool", "--linger", "5ms", "--ship-linger", "10s"];
        const acked = new Set<string>();
        for (const signals of [1, 2]) {
          await withProgram(kind, { cwd, args }, async (program) => {
            const load = startLoad(program, `signals${signals}sender`);
            await sleep(500);
            program.signal("SIGTERM");
            if (signals === 2) {
              await sleep(520);
              program.signal("SIGTERM");
            }
            const { code, stderr } = await program.ended;
            await load.stop();
            if (signals === 1) assert.equal(code, 0, stderr);
            assert.ok(load.acked.size > 20, `${load.acked.size} acked`);
            for (const sample of load.acked) acked.add(sample);
          });
        }
        const replay = await runProgram(kind, { cwd, args: ["spool", "replay", "--spool-dir", "spool"] });
        assert.equal(replay.code, 0, replay.stderr);
        await assertArchived(join(cwd, "archive"), acked);
      }),
  },
  {
    name: "--spool-full drop-oldest: a full spool takes on, and the log says what it loses",
    run: (kind) =>
      withDirectory((cwd) =>
        withFirehose(async ({ env }) => {
          const args = [...firehoseArgs, ...smallSpool, "--spool-full", "drop-oldest"];
          await withProgram(
            kind,
            { cwd, env, args: [...args, "--drain-timeout", "1ms"] },
            async (program) => {
              for (let count = 0; count < 24; count++) assert.equal((await postLarge(program)).status, 204);
              assert.match(await readiness(program), /^200 Ready/);
              assert.match(program.log(), /level=error .*its oldest lines are removed unshipped/);
              const metrics = await (await fetch(`${program.url}/metrics`)).text();
              assert.match(metrics, /spool_dropped_bytes_total [1-9]/);
            },
          );
        }),
      ),
  },
  {
    name: "spool replay ships the spool of a program that was killed, says so and ends",
    run: (kind) =>
      withDirectory((cwd) =>
        withFirehose(async ({ env, start }) => {
          await withProgram(kind, { cwd, env, args: [...firehoseArgs, "--linger", "0"] }, async (program) => {
            await postBatch(program, 1, 50);
            program.signal("SIGKILL");
            await program.ended;
          });
          const firehose = await start();
          const replay = () => runProgram(kind, { cwd, env, args: ["spool", "replay", ...firehoseArgs] });
          const first = await replay();
          assert.equal(first.code, 0, first.stderr);
          assert.match(first.stderr, /msg="an earlier run has left lines in the spool"/);
          assert.match(first.stderr, /msg="the spool is empty" archive=firehose:metrics shippedBytes=[1-9]/);
          assert.deepEqual(timesOf(firehose), upTo(50));
          const second = await replay();
          assert.equal(second.code, 0, second.stderr);
          assert.equal(timesOf(firehose).length, 50);
          assert.deepEqual(
            (await readdir(join(cwd, "spool"))).filter((name) => name.endsWith("segment")),
            [],
          );
        }),
      ),
  },
  {
    name: "spool replay that is stopped before the end, or finds no spool, ends with exit code 1 and says why",
    run: (kind) =>
      withDirectory((cwd) =>
        withFirehose(async ({ env }) => {
          const none = await runProgram(kind, { cwd, env, args: ["spool", "replay", ...firehoseArgs] });
          assert.equal(none.code, 1, none.stderr);
          assert.match(
            none.stderr,
            /^prometheus-remote-kinesis: cannot replay the spool spool: .*ENOENT.*\n$/,
          );
          const args = ["spool", "replay", ...firehoseArgs.slice(0, 4)];
          const unnamed = await runProgram(kind, { cwd, env, args });
          assert.equal(unnamed.code, 2, unnamed.stderr);
          assert.match(unnamed.stderr, /spool replay needs --spool-dir/);
          await mkdir(join(cwd, "other"));
          const elsewhere = await runProgram(kind, { cwd, env, args: [...args, "--spool-dir", "other"] });
          assert.equal(elsewhere.code, 1, elsewhere.stderr);
          assert.match(elsewhere.stderr, /there is no spool in this directory/);
          assert.deepEqual(await readdir(cwd, { recursive: true }), ["other"]);
        }),
      ),
  },
];
