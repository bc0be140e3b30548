import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readArchiveLines } from "../support/archive-lines.ts";
import { type Program, type ProgramKind, withDirectory, withProgram } from "../support/program.ts";
import { postHead, withConnection } from "../support/raw-http.ts";
import { largeRequest, oneSample, writeHeadersV1 } from "../support/write-request.ts";
import type { Case } from "./black-box.ts";

const corpus = join(import.meta.dirname, "../golden/rw1");

/** Starts the program in an empty directory; afterwards stops it and answers what it archived. */
async function served(
  kind: ProgramKind,
  use: (program: Program) => Promise<void>,
  args: readonly string[] = [],
) {
  return await withDirectory((cwd) =>
    withProgram(kind, { cwd, args: ["--linger", "5ms", ...args] }, async (program) => {
      await use(program);
      program.signal("SIGTERM");
      const { code, stderr } = await program.ended;
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /crashed/);
      return await readArchiveLines(join(cwd, "archive"));
    }),
  );
}

async function post(
  program: Program,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await fetch(`${program.url}/receive`, {
    method: "POST",
    headers: { ...writeHeadersV1, ...headers },
    body: new Uint8Array(body),
  });
  await response.clone().arrayBuffer();
  return response;
}

async function assertHealthy(program: Program): Promise<void> {
  assert.equal((await fetch(`${program.url}/-/healthy`)).status, 200);
  assert.equal((await post(program, oneSample("after", "1", 1))).status, 204);
}

function chunked(body: Uint8Array, chunkBytes: number): (string | Uint8Array)[] {
  const parts: (string | Uint8Array)[] = [];
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.subarray(at, at + chunkBytes);
    parts.push(`${chunk.length.toString(16)}\r\n`, chunk, "\r\n");
  }
  return [...parts, "0\r\n\r\n"];
}

export const httpCases: readonly Case[] = [
  {
    name: "bodies that a real Prometheus sent are in the archive, sample for sample",
    run: async (kind) => {
      const names = (await readdir(corpus)).filter((name) => name.endsWith(".snappy")).sort();
      const archived = await served(kind, async (program) => {
        for (const name of names)
          assert.equal((await post(program, await readFile(join(corpus, name)))).status, 204);
      });
      const expected: string[] = [];
      for (const name of names) {
        const text = await readFile(join(corpus, name.replace("snappy", "expected.ndjson")), "utf8");
        for (const line of text.split("\n")) if (line !== "") expected.push(JSON.stringify(JSON.parse(line)));
      }
      const samples = archived.filter((line) => !("metadata" in line)).map((line) => JSON.stringify(line));
      assert.equal(samples.length, expected.length);
      assert.deepEqual(new Set(samples), new Set(expected));
    },
  },
  {
    name: "what is no write request is refused with the status that says why",
    run: async (kind) => {
      const good = oneSample("x", "1", 1);
      const archived = await served(
        kind,
        async (program) => {
          const get = await fetch(`${program.url}/receive`);
          assert.deepEqual([get.status, get.headers.get("allow")], [405, "POST"]);
          assert.equal((await fetch(`${program.url}/nothing`, { method: "POST", body: "x" })).status, 404);
          assert.equal((await post(program, good, { "Content-Type": "text/plain" })).status, 415);
          assert.equal((await post(program, good, { "Content-Encoding": "gzip" })).status, 415);
          assert.equal((await post(program, good.subarray(0, -3))).status, 400);
          assert.equal((await post(program, largeRequest("big", 200_000).body)).status, 413);
          await assertHealthy(program);
        },
        ["--body-bytes", "64KiB"],
      );
      assert.deepEqual(
        archived.map(({ name }) => name),
        ["after"],
      );
    },
  },
  {
    name: "a body that is too large and announces no length gets its 413",
    run: async (kind) => {
      await served(
        kind,
        async (program) => {
          await withConnection(program.port, async ({ send, answer }) => {
            send(postHead("Transfer-Encoding: chunked"), ...chunked(new Uint8Array(300_000), 10_000));
            assert.equal((await answer()).status, 413);
          });
          await assertHealthy(program);
        },
        ["--body-bytes", "64KiB"],
      );
    },
  },
  {
    name: "metrics, health and readiness answer",
    run: async (kind) => {
      await served(kind, async (program) => {
        await assertHealthy(program);
        assert.equal((await fetch(`${program.url}/-/ready`)).status, 200);
        const metrics = await fetch(`${program.url}/metrics`);
        const text = await metrics.text();
        assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain/);
        assert.match(text, /^prometheus_remote_kinesis_samples_written_total 1$/m);
        const runtime = kind === "binary" ? "bun" : kind;
        assert.match(text, new RegExp(`^prometheus_remote_kinesis_build_info\\{.*runtime="${runtime} `, "m"));
      });
    },
  },
  {
    name: "the status page, its fragment and its JSON say that samples are durable",
    run: async (kind) => {
      await served(kind, async (program) => {
        const page = async (path: string) => await fetch(`${program.url}${path}`);
        assert.match(await (await page("/")).text(), new RegExp(`Waiting.*url: ${program.url}/receive`, "s"));
        await assertHealthy(program);
        await sleep(1_100);
        const answers = await Promise.all(["/", "/-/status.html", "/-/status.json"].map(page));
        for (const answer of answers) {
          assert.equal(answer.status, 200);
          assert.match(await answer.clone().text(), /Samples arrive and are durable in file:/);
          assert.equal(answer.headers.get("cache-control"), "no-store");
          assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
        }
        const nonce = /'nonce-(\w+)'/.exec(answers[0]?.headers.get("content-security-policy") ?? "")?.[1];
        assert.match((await answers[0]?.text()) ?? "", new RegExp(`<script nonce="${nonce}">`));
        const status = JSON.parse((await answers[2]?.text()) ?? "");
        assert.equal(status.items.samples.written, 1);
        assert.equal(status.senders.length, 1);
        assert.equal((await fetch(program.url, { method: "HEAD" })).status, 200);
      });
    },
  },
  {
    name: "a connection is used again, whole and chunked bodies mixed",
    run: async (kind) => {
      const archived = await served(kind, async (program) => {
        for (let id = 0, connections = 0; id < 20; connections++) {
          // Deno 2.9.5 closes after a body of several packets: github.com/denoland/deno/issues/36657
          assert.ok(connections === 0 || kind === "deno", `closed after ${id} requests`);
          await withConnection(program.port, async ({ send, answer }) => {
            for (let head = ""; id < 20 && !/^connection: *close/im.test(head); id++) {
              const body = oneSample("again", String(id), id + 1);
              if (id % 2 === 0) send(postHead(`Content-Length: ${body.length}`), body);
              else send(postHead("Transfer-Encoding: chunked"), ...chunked(body, 7));
              const answered = await answer();
              assert.equal(answered.status, 204);
              head = answered.head;
            }
          });
        }
      });
      assert.equal(archived.length, 20);
    },
  },
  {
    name: "Expect: 100-continue and HTTP/1.0 without a Host work",
    run: async (kind) => {
      const body = oneSample("old", "1", 1);
      const archived = await served(kind, async (program) => {
        await withConnection(program.port, async ({ send, answer }) => {
          send(postHead("Expect: 100-continue", `Content-Length: ${body.length}`));
          assert.equal((await answer()).status, 100);
          send(body);
          assert.equal((await answer()).status, 204);
        });
        await withConnection(program.port, async ({ send, answer, closed }) => {
          const head = postHead(`Content-Length: ${body.length}`);
          send(head.replace("HTTP/1.1\r\nHost: test", "HTTP/1.0"), body);
          const { status, head: answered } = await answer();
          assert.equal(status, 204, answered);
          assert.doesNotMatch(answered, /chunked/i);
          await closed();
        });
      });
      assert.equal(archived.length, 2);
    },
  },
  {
    name: "large bodies arrive whole, with and without an announced length",
    run: async (kind) => {
      const { body, samples } = largeRequest("large", 12_000_000);
      const archived = await served(kind, async (program) => {
        assert.equal((await post(program, body)).status, 204);
        await withConnection(program.port, async ({ send, answer }) => {
          send(postHead("Transfer-Encoding: chunked"), ...chunked(body, 100_000));
          assert.equal((await answer()).status, 204);
        });
      });
      const values = new Set(archived.map(({ value }) => value));
      assert.deepEqual([archived.length, values.size], [2 * samples, samples]);
    },
  },
  {
    name: "fifty senders at once are all served",
    run: async (kind) => {
      const archived = await served(kind, async (program) => {
        await Promise.all(
          Array.from({ length: 50 }, async (_, sender) => {
            for (let at = 1; at <= 10; at++) {
              assert.equal((await post(program, oneSample("parallel", String(sender), at))).status, 204);
            }
          }),
        );
      });
      assert.equal(new Set(archived.map(({ labels, time }) => `${labels["id"]} ${time}`)).size, 500);
    },
  },
  {
    name: "a sender may upload slowly",
    run: async (kind) => {
      const body = oneSample("slow", "1", 1);
      const archived = await served(kind, async (program) => {
        await withConnection(program.port, async ({ send, answer }) => {
          send(postHead(`Content-Length: ${body.length}`));
          for (let at = 0; at < body.length; at += 10) {
            send(body.subarray(at, at + 10));
            await sleep(150);
          }
          assert.equal((await answer()).status, 204);
        });
      });
      assert.equal(archived.length, 1);
    },
  },
  {
    name: "senders that go away in the middle do no harm",
    run: async (kind) => {
      const body = oneSample("gone", "1", 1);
      const leave = [
        { head: postHead("Content-Length: 5000"), sent: body },
        { head: postHead("Transfer-Encoding: chunked"), sent: "5\r\nhel" },
        { head: postHead(`Content-Length: ${body.length}`), sent: body },
        { head: "POST /rec", sent: "" },
        { head: "GARBAGE\r\n\r\n", sent: "" },
      ];
      await served(kind, async (program) => {
        for (const { head, sent } of leave) {
          for (const abrupt of [false, true]) {
            await withConnection(program.port, async ({ send, socket }) => {
              send(head, sent);
              await sleep(50);
              if (abrupt) socket.resetAndDestroy();
            });
          }
        }
        await sleep(200);
        await assertHealthy(program);
      });
    },
  },
  {
    name: "a log reader that went away does no harm",
    run: (kind) =>
      withDirectory((cwd) =>
        withProgram(kind, { cwd }, async (program) => {
          program.closeOutput();
          for (let at = 0; at < 20; at++)
            assert.equal((await post(program, Uint8Array.of(9, 9))).status, 400);
          await assertHealthy(program);
          program.signal("SIGTERM");
          assert.equal((await program.ended).code, 0);
        }),
      ),
  },
];
