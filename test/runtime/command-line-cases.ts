import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { runProgram, withDirectory, withProgram } from "../support/program.ts";
import type { Case } from "./black-box.ts";

const version = /^prometheus-remote-kinesis \d+\.\d+\.\d+\S* \((node|bun|deno) \d+\.\d+\.\d+\)\n$/;

export const commandLineCases: readonly Case[] = [
  {
    name: "--version names version and runtime on standard output",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const { code, stdout, stderr } = await runProgram(kind, { args: ["--version"], cwd });
        assert.equal(code, 0, stderr);
        assert.match(stdout, version);
        assert.ok(stdout.includes(kind === "binary" ? "(bun" : `(${kind}`), stdout);
      }),
  },
  {
    name: "--help lists flags, defaults and commands on standard output and starts nothing",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const { code, stdout, stderr } = await runProgram(kind, { args: ["--help"], cwd });
        assert.equal(code, 0, stderr);
        for (const text of ["--sink", "--listen-addr", ":9501", "$LINGER", "serve"])
          assert.ok(stdout.includes(text));
        assert.equal(existsSync(join(cwd, "archive")), false);
      }),
  },
  {
    name: "plan prints what each sink would cost and starts nothing",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const args = ["plan", "--samples-per-second", "1000", "--series", "5000"];
        const { code, stdout, stderr } = await runProgram(kind, { args, cwd });
        assert.deepEqual([code, stderr], [0, ""]);
        assert.match(stdout, /^1,000 samples\/s of 5,000 series from one Prometheus/);
        assert.match(stdout, /^firehose +gzip +[\d.]+ /m);
        assert.equal(existsSync(join(cwd, "archive")), false);
      }),
  },
  {
    name: "a wrong command line is one line on standard error and exit code 2",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const wrong = [
          { args: ["--lingr", "1s"], says: /unknown flag '--lingr'/ },
          { args: ["--linger", "soon"], says: /--linger "soon" is not a duration/ },
          { args: ["--series", "5"], says: /--series is a flag of plan, not of serve/ },
          { args: ["plan"], says: /plan needs --samples-per-second N/ },
          { args: ["sing"], says: /unknown command "sing": the commands are serve, / },
          { args: ["--sink", "s3://b/p"], says: /"s3:\/\/b\/p" is not a bucket/ },
          {
            args: [
              "--region",
              "eu-west-1",
              "--sink",
              "kinesis:arn:aws:kinesis:us-east-2:123456789012:stream/x",
            ],
            says: /--region eu-west-1 is not where the stream is: the stream's ARN names us-east-2/,
          },
        ];
        for (const { args, says } of wrong) {
          const { code, stdout, stderr } = await runProgram(kind, { args, cwd });
          assert.equal(code, 2, stderr);
          assert.match(stderr, says);
          assert.match(stderr, /^prometheus-remote-kinesis: [^\n]+\n$/);
          assert.equal(stdout, "");
        }
      }),
  },
  {
    name: "a port in use ends it with exit code 1 and the reason",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const server = createServer().listen(0, "127.0.0.1");
        try {
          await once(server, "listening");
          const address = server.address();
          const port = address !== null && typeof address === "object" ? address.port : 0;
          const { code, stderr } = await runProgram(kind, {
            args: ["-listen-addr", `127.0.0.1:${port}`],
            cwd,
          });
          assert.equal(code, 1, stderr);
          assert.match(stderr, new RegExp(`cannot listen on 127.0.0.1:${port}: address already in use`));
        } finally {
          server.close();
        }
      }),
  },
  {
    name: "a second program on the same port ends with exit code 1: the two would share the requests",
    run: (kind) =>
      withDirectory((cwd) =>
        withProgram(kind, { cwd }, async ({ port }) => {
          const args = ["--listen-addr", `127.0.0.1:${port}`, "--sink", "file:./second"];
          const { code, stderr } = await runProgram(kind, { args, cwd });
          assert.equal(code, 1, stderr);
          assert.match(stderr, new RegExp(`cannot listen on 127.0.0.1:${port}: address already in use`));
        }),
      ),
  },
  {
    name: "without AWS credentials it ends with exit code 1 before it listens, and says what it tried",
    run: (kind) =>
      withDirectory(async (cwd) => {
        const env = { HOME: cwd, AWS_EC2_METADATA_DISABLED: "true", LISTEN_ADDR: "127.0.0.1:0" };
        for (const args of [
          ["--sink", "kinesis:metrics"],
          ["-stream-name", "metrics", "-firehose"],
        ]) {
          const { code, stderr } = await runProgram(kind, {
            args: [...args, "--region", "eu-west-1"],
            env,
            cwd,
          });
          assert.equal(code, 1, stderr);
          assert.match(stderr, /no AWS credentials/);
          assert.match(stderr, /AWS_ACCESS_KEY_ID/);
          assert.doesNotMatch(stderr, /msg=listening/);
        }
      }),
  },
  {
    name: "with no configuration it archives to ./archive and says in one line where it listens and archives",
    run: (kind) =>
      withDirectory(async (cwd) => {
        await withProgram(kind, { cwd }, async (program) => {
          const line = program
            .log()
            .split("\n")
            .find((each) => each.includes("msg=listening"));
          assert.ok(line?.includes(`url=${program.url}`), line);
          assert.ok(line?.includes("archive"), line);
          assert.ok(existsSync(join(cwd, "archive")));
        });
      }),
  },
];
