import assert from "node:assert/strict";
import { startFakeAws } from "../support/fake-aws/fake-aws.ts";
import { runProgram, withDirectory, withProgram } from "../support/program.ts";
import type { Case } from "./black-box.ts";

export const checkCases: readonly Case[] = [
  {
    name: "check --health tells a running instance from none, by its exit code and in time",
    run: (kind) =>
      withDirectory((cwd) =>
        withProgram(kind, { cwd }, async (program) => {
          const args = ["check", "--health"];
          const env = { LISTEN_ADDR: `127.0.0.1:${program.port}` };
          const startMs = performance.now();
          const healthy = await runProgram(kind, { cwd, args, env });
          // Docker's limit in our image; Deno looks at all the source before it runs.
          assert.ok(kind === "deno" || performance.now() - startMs < 3_000);
          assert.equal(healthy.code, 0, healthy.stderr);
          assert.equal(healthy.stdout, `healthy: http://127.0.0.1:${program.port}/-/healthy answers 200\n`);
          program.signal("SIGKILL");
          await program.ended;
          const gone = await runProgram(kind, { cwd, args, env });
          assert.equal(gone.code, 1);
          assert.match(
            gone.stderr,
            /^not healthy: http:\/\/127\.0\.0\.1:\d+\/-\/healthy: nobody listens there/,
          );
        }),
      ),
  },
  {
    name: "check walks the chain to a stream and to a bucket",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const fake = await startFakeAws({ streams: [{ name: "metrics" }], buckets: ["archive"] });
        try {
          const env = { ...fake.env, LISTEN_ADDR: "127.0.0.1:1" };
          const stream = await runProgram(kind, { cwd, env, args: ["check", "--stream-name", "metrics"] });
          assert.equal(stream.code, 0, stream.stdout + stream.stderr);
          assert.match(stream.stdout, /\nok {7}put {18}kinesis:PutRecords is allowed \(DryRun/);
          assert.equal(stream.stderr, "");
          const args = ["check", "--sink", "s3://archive/p", "--json"];
          const bucket = await runProgram(kind, { cwd, env, args });
          assert.equal(bucket.code, 0, bucket.stdout + bucket.stderr);
          assert.equal((JSON.parse(bucket.stdout) as { ok: boolean }).ok, true);
          const wrong = await runProgram(kind, { cwd, env, args: ["check", "--stream-name", "other"] });
          assert.equal(wrong.code, 1);
          assert.match(wrong.stdout, /\nfailed {3}stream .*\n {9}to do: create the stream/);
          assert.equal((await runProgram(kind, { cwd, env, args: ["check", "--json=maybe"] })).code, 2);
        } finally {
          await fake.close();
        }
      }),
  },
  {
    name: "ddl prints a statement",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const { code, stdout } = await runProgram(kind, {
          cwd,
          args: ["ddl", "--location", "s3://bucket/p"],
        });
        assert.equal(code, 0);
        assert.match(stdout, /^CREATE EXTERNAL TABLE IF NOT EXISTS `samples` \(\n[^;]*\n\);\n$/);
      }),
  },
];
