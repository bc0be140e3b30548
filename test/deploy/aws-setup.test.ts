/** docs/aws-setup.md: its commands are run by AWS' own command line against moto; what they make takes our lines. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { blocksOf } from "../support/documented.ts";
import { withDirectory, withProgram } from "../support/program.ts";
import { freePort, startServer } from "../support/server-process.ts";
import { oneSample, writeHeadersV1 } from "../support/write-request.ts";

const root = join(import.meta.dirname, "../..");
const folder = dirname(process.env["MOTO_SERVER_BIN"] ?? "moto_server");
const missing = ["moto_server", "aws"].filter((name) => !existsSync(join(folder, name)));
const reason = `no ${missing.join(", ")} beside MOTO_SERVER_BIN: bash .ci/run installs them from .ci/moto.txt`;
const options = missing.length === 0 ? { timeout: 110_000 } : { skip: reason };
const blocks = blocksOf("docs/aws-setup.md");

test("the steps by hand make what takes lines and keeps them as .ndjson.gz", options, async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const moto = await startServer({
    command: [join(folder, "moto_server"), "-H", "127.0.0.1", "-p", new URL(`http://${address}`).port],
    url: `http://${address}`,
    readyPath: "/moto-api/",
  });
  try {
    await withDirectory((directory) => followTheSteps(moto.url, directory));
  } finally {
    await moto.stop();
  }
});

async function followTheSteps(url: string, directory: string): Promise<void> {
  const env = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: "AKIATEST", AWS_SECRET_ACCESS_KEY: "secret" };
  const run = shellIn(directory, env);
  const ready = blocks.findIndex(({ language }) => language === "sh program");
  const textOf = (list: typeof blocks) =>
    list.filter((each) => each.language === "sh aws").map(({ text }) => text);
  const before = textOf(blocks.slice(0, ready));
  const after = textOf(blocks.slice(ready));
  assert.ok(before.length >= 5 && after.length >= 3);
  assert.match(run(before.join("\n")), /\nACTIVE\n/);

  const start = blocks[ready]!.text.trim().split("\n").at(-1)!;
  const args = start.split(" ").slice(1);
  await withProgram("bun", { args, env, cwd: directory }, async ({ url: receiver }) => {
    const body = oneSample("up", "a", Date.now());
    const response = await fetch(`${receiver}/receive`, { method: "POST", headers: writeHeadersV1, body });
    assert.equal(response.status, 204, await response.text());
  });

  // Each step again has the names, and nothing else of what was before.
  const names = before[0]!;
  const listed = run([names, ...after].join("\n"));
  // moto stores at once, and leaves expressions of the prefix and the ending out of account.
  const key = / (prometheus\/\S+\/prometheus-archive-\S+)$/m.exec(listed)?.[1];
  assert.ok(key !== undefined, listed);
  // moto takes the policy that denies plain text without its condition, and denies everything.
  const fetched = `aws s3api delete-bucket-policy --bucket "$BUCKET"\naws s3 cp "s3://$BUCKET/${key}" object.gz >&2`;
  const line = run(`${names}\n${fetched}\nzcat object.gz`);
  assert.match(line, /^\{"name":"up","time":\d+,"value":[^\n]+\}\n$/);
  const described = run(`${names}\naws firehose describe-delivery-stream --delivery-stream-name "$NAME"`);
  assert.match(described, /"FileExtension": "\.ndjson\.gz"/);
  assert.match(described, /"CompressionFormat": "UNCOMPRESSED"/);
}

/** Runs commands with AWS' command line and the program on the path; their standard output. */
function shellIn(directory: string, env: Readonly<Record<string, string>>) {
  const program = join(directory, "prometheus-remote-kinesis");
  const [bun, main] = [join(root, "node_modules/.bin/bun"), join(root, "src/main.ts")];
  writeFileSync(program, `#!/bin/sh\nexec '${bun}' '${main}' "$@"\n`);
  chmodSync(program, 0o755);
  const path = [directory, folder, process.env["PATH"] ?? ""].join(delimiter);
  return (text: string): string => {
    const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-euo", "pipefail", "-c", text], {
      cwd: directory,
      encoding: "utf8",
      env: { PATH: path, HOME: directory, AWS_PAGER: "", ...env },
      timeout: 90_000,
    });
    assert.equal(status, 0, `${stderr}\n${stdout}`);
    return stdout;
  };
}
