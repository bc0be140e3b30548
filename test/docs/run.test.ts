/** The commands of README.md and the documents, as they stand there, against files and a fake AWS. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { blocksOf } from "../support/documented.ts";
import { type FakeAwsOptions, startFakeAws } from "../support/fake-aws/fake-aws.ts";
import { withDirectory } from "../support/program.ts";
import { writeHeadersV1, writeRequestV1 } from "../support/write-request.ts";
import { commandsOf } from "./command-lines.ts";
import { openShell, type Shell } from "./shell.ts";
import { isMet, rules } from "./treatments.ts";

const jq =
  spawnSync("jq", ["--version"]).status === 0 ? {} : { skip: "jq is missing: install the package jq" };

const toRun = new Set(rules.filter(({ treatment }) => treatment === "run"));

/** The block of `file` that begins so, which treatments.ts says is run. */
function block(file: string, begins: string): string {
  const found = blocksOf(file).filter((each) => commandsOf(each).startsWith(begins));
  assert.equal(found.length, 1, `${file}: ${begins}`);
  const rule = rules.find((each) => isMet(each, found[0]!, file));
  assert.equal(rule?.treatment, "run", `${file}: ${begins}`);
  toRun.delete(rule!);
  return commandsOf(found[0]!);
}

function linesOf(text: string): readonly string[] {
  return text.trim().split("\n");
}

/** Sends one sample of `up`, which has to become durable. */
async function send(url: string, path = "/receive"): Promise<void> {
  const labels = { __name__: "up", instance: "a", job: "node" };
  const body = writeRequestV1([{ labels, samples: [[1_795_413_600_000, 1]] }]);
  const response = await fetch(url + path, { method: "POST", headers: writeHeadersV1, body });
  assert.equal(response.status, 204, await response.text());
}

/** A shell in a new directory, with a fake AWS in its environment. */
async function withShell(
  aws: FakeAwsOptions,
  use: (shell: Shell, fake: Awaited<ReturnType<typeof startFakeAws>>) => Promise<void>,
): Promise<void> {
  const fake = await startFakeAws(aws);
  try {
    await withDirectory(async (directory) => use(openShell(directory, fake.env), fake));
  } finally {
    await fake.close();
  }
}

const eu: FakeAwsOptions = {
  region: "eu-west-1",
  streams: [{ name: "my-stream", shards: 2 }],
  deliveryStreams: [{ name: "my-delivery-stream", bucket: "my-bucket", bufferMs: 1_000 }],
  buckets: ["my-bucket"],
};

test("npm ci && npm start takes samples; tail, jq and DuckDB show them", jq, () =>
  withShell({}, async (shell) => {
    const { directory } = shell;
    await shell.serve(block("README.md", "npm ci && npm start"), async (url) => {
      const here = (text: string) => shell.run(text.replaceAll(/(?:http:\/\/)?localhost:9501/g, url));
      assert.equal(await here(block("README.md", "curl")), "Ready\n");
      await send(url);
      assert.match(
        await shell.run(block("README.md", "tail")),
        /^\{"name":"up","time":1795413600000,"value":1,"labels"/,
      );
      const page = linesOf(block("docs/status-page.md", "curl"));
      const [state = "", senders = ""] = await Promise.all(page.map(here));
      assert.match(state, /^\w+: .+\.$/m);
      assert.match(senders, /"samples": 1/);
      const fromInstance = linesOf(block("docs/bill.md", "prometheus-remote-kinesis plan --from"));
      assert.equal(fromInstance.length, 2);
      writeFileSync(join(directory, "metrics.txt"), await (await fetch(`${url}/metrics`)).text());
      for (const line of fromInstance) {
        const rate = line.includes("--samples-per-second") ? "" : " --samples-per-second 100";
        const at = line.replace("http://archive:9501", url);
        assert.match(await shell.run(at + rate), /firehose/);
      }
    });
    assert.match(await shell.run(block("README.md", "zcat")), /^\["a",1795413600000,1\]$/m);
    assert.match(
      await shell.run(block("README.md", "prometheus-remote-kinesis ddl --engine")),
      /"name":"up","samples":"1"/,
    );
    const athena = blocksOf("README.md").find(({ language }) => language === "sql athena");
    const given = await shell.run(`duckdb archive.db <<'SQL'\n${athena?.text}\nSQL`);
    assert.equal(given.trim(), "");
    const [view = "", open = ""] = linesOf(block("docs/queries.md", "prometheus-remote-kinesis ddl"));
    assert.equal(open, "duckdb archive.db");
    await shell.run(view);
    assert.match(await shell.run(`${open} <<< 'FROM samples'`), /"name":"up"/);
  }),
);

test("each sink of the README takes samples; check finds nothing wrong", () =>
  withShell(eu, async (shell, fake) => {
    const commands = linesOf(block("README.md", "prometheus-remote-kinesis --sink firehose"));
    assert.deepEqual(
      commands.map((command) => /--sink (\w+)/.exec(command)?.[1]),
      ["firehose", "kinesis", "s3"],
    );
    for (const command of commands) {
      const { code, output } = await shell.serve(command, (url) => send(url, "/api/v1/write"));
      assert.equal(code, 0, output);
    }
    for (const where of [{ stream: "my-stream" }, { deliveryStream: "my-delivery-stream" }]) {
      assert.match(fake.lines(where).join(""), /^\{"name":"up"/);
    }
    assert.match(await shell.run(block("README.md", "prometheus-remote-kinesis check")), /ok +put /);
  }));

test("a spool is filled, looked into, checked and shipped; a quarantine is looked into and put", () =>
  withShell(eu, async (shell, fake) => {
    await shell.serve(block("README.md", "prometheus-remote-kinesis --sink kinesis"), send);
    const [inspect = "", fsck = "", replay = ""] = linesOf(
      block("README.md", "prometheus-remote-kinesis spool"),
    );
    assert.match(await shell.run(inspect), /1 frame/);
    await shell.run(fsck);
    await shell.run(replay);
    assert.equal(fake.lines({ stream: "my-stream" }).length, 1);
    const quarantine = linesOf(block("README.md", "prometheus-remote-kinesis quarantine"));
    assert.equal(quarantine.length, 2);
    for (const command of quarantine) await shell.run(command);
  }));

test("what needs no sink prints what it is there for", () =>
  withShell({}, async (shell) => {
    assert.match(await shell.run(block("README.md", "prometheus-remote-kinesis plan")), /firehose +gzip/);
    assert.match(
      await shell.run(block("README.md", "prometheus-remote-kinesis ddl --location")),
      /CREATE EXTERNAL TABLE/,
    );
    const [table = "", view = ""] = linesOf(block("docs/migration.md", "prometheus-remote-kinesis ddl"));
    assert.match(await shell.run(table), /2017\/12\/01\/00,NOW/);
    assert.match(await shell.run(view), /VIEW/);
    const served = await shell.serve(block("README.md", "npm run dev-aws"), async (url) => {
      assert.equal((await fetch(`${url}/_fake/state`)).status, 200);
    });
    assert.match(served.output, /export AWS_ENDPOINT_URL=/);
  }));

test("the command line of 2017 takes samples", () =>
  withShell({ region: "ap-northeast-1", streams: [{ name: "prometheus-backup" }] }, async (shell, fake) => {
    const command = block("docs/migration.md", "prometheus-remote-kinesis -stream-name");
    assert.equal((await shell.serve(command, send)).code, 0);
    assert.equal(fake.lines({ stream: "prometheus-backup" }).length, 1);
  }));

test("the web config of the documents lets in whom it names, with a password or a token", () =>
  withShell({}, async (shell) => {
    const commands = ["README.md", "docs/security.md"].map((file) =>
      block(file, "prometheus-remote-kinesis --web-config-file"),
    );
    assert.equal(commands[0], commands[1]);
    const hash = (await shell.run(block("docs/security.md", "openssl rand"))).trim();
    assert.match(hash, /^sha256:[0-9a-f]{64}$/);
    writeFileSync(join(shell.directory, "web-config.yml"), `bearer_tokens:\n  prometheus: ${hash}\n`);
    const token = (await shell.run("cat token")).trim();
    await shell.serve(commands[0]!, async (url) => {
      assert.equal((await fetch(`${url}/metrics`)).status, 401);
      const headers = { Authorization: `Bearer ${token}` };
      assert.equal((await fetch(`${url}/metrics`, { headers })).status, 200);
    });
  }));

test("every block that is said to be run was", jq, () => {
  assert.deepEqual([...toRun], []);
});
