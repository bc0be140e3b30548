/** What is secret is in nothing that the program writes: logs, metrics, pages, answers, errors, --help. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { copyCertificates, requestHttps } from "../support/https-request.ts";
import { runProgram, startProgram, withDirectory } from "../support/program.ts";
import { oneSample, writeHeadersV1 } from "../support/write-request.ts";

/** Of "correct horse". */
const hash = "$2y$10$ywxXY8o2NZ3k18uK2L/6XuG8akE5iWm.ngYWA2Yjdt/tpQVmI.PH6";
const secrets = {
  AWS_ACCESS_KEY_ID: "AKIAPLANTED000000001",
  AWS_SECRET_ACCESS_KEY: "planted/secret+key",
  AWS_SESSION_TOKEN: "planted-session-token",
};
const token = "planted-bearer-token";
const planted = [
  ...Object.values(secrets),
  token,
  hash.slice(7),
  "correct horse",
  "wrong horse",
  ...["planted-user", "planted-password", "planted-query", "planted-flag", "planted-hash", "planted-basic"],
];

function assertNoSecrets(text: string, where: string, directory: string): void {
  const key = readFileSync(join(directory, "server.key"), "utf8").split("\n")[1] ?? "";
  for (const secret of [...planted, key, btoa("alice:correct horse"), btoa("alice:wrong horse")]) {
    const at = text.indexOf(secret);
    assert.equal(at, -1, `${where} shows ${secret}: ${text.slice(Math.max(0, at - 200), at + 100)}`);
  }
}

/** A service that refuses everything and repeats the whole request in its message, as AWS does in part. */
async function withEcho<T>(use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const headers = Object.entries(request.headers).map(([name, value]) => `${name}:${value}`);
      const message = `The request signature does not match: ${headers.join("\n")}`;
      response.writeHead(403, { "Content-Type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify({ __type: "InvalidSignatureException", message }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function withFiles(use: (directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await copyCertificates(directory);
    await writeFile(join(directory, "token"), token);
    const users = `basic_auth_users: {alice: "${hash}"}\nbearer_token_files: {prom: token}\n`;
    const tls = `tls_server_config:\n  cert_file: server.pem\n  key: |\n`;
    const key = (await readFile(join(directory, "server.key"), "utf8")).replaceAll(/^/gm, "    ");
    await writeFile(join(directory, "web.yml"), `${tls}${key}\n${users}`);
    await use(directory);
  });
}

test("a program that serves, is refused by AWS, and refuses others, shows no secret", async () => {
  await withEcho((url) =>
    withFiles(async (cwd) => {
      const env = { ...secrets, AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL: url };
      const args = ["--sink", "kinesis:x", "--web-config-file", "web.yml", "--log-level", "debug"];
      const program = await startProgram("bun", { cwd, env, args });
      const answers: string[] = [];
      try {
        const basic = (text: string) => ({ Authorization: `Basic ${btoa(text)}` });
        const headers = { ...writeHeadersV1, ...basic("alice:correct horse") };
        const body = oneSample("up", "1", 1);
        for (const path of ["/receive?x=planted-query", "/receive"]) {
          answers.push((await requestHttps(program.url + path, { method: "POST", headers, body })).body);
        }
        for (const path of [
          "/",
          "/metrics",
          "/-/ready",
          "/-/healthy",
          "/-/status.json",
          "/-/status.html",
          "/x",
        ]) {
          for (const authorization of [
            basic("alice:correct horse"),
            basic("alice:wrong horse"),
            basic("planted-user:planted-password"),
            { Authorization: `Bearer ${token}` },
            { Authorization: "planted-basic planted-basic" },
          ]) {
            const answer = await requestHttps(`${program.url}${path}?x=planted-query`, {
              headers: authorization,
            });
            answers.push(JSON.stringify(answer.headers), answer.body);
          }
        }
        program.signal("SIGTERM");
        const { stdout, stderr } = await program.ended;
        assert.match(stderr, /InvalidSignatureException/);
        assertNoSecrets(stdout + stderr, "the log", cwd);
        assertNoSecrets(answers.join("\n"), "an answer", cwd);
        assert.ok(
          answers.some((answer) => answer.includes("prometheus_remote_kinesis_requests_unauthorized_total")),
        );
      } finally {
        program.signal("SIGKILL");
        await program.ended;
      }
    }),
  );
});

test("a program that cannot start, or only tells, shows no secret", async () => {
  await withFiles(async (cwd) => {
    const wrong = `basic_auth_users: {alice: planted-hash}\n`;
    await writeFile(join(cwd, "wrong.yml"), wrong);
    await writeFile(join(cwd, "broken.yml"), `${wrong}"planted-hash\n: [`);
    const userInfo = "planted-user:planted-password@";
    const endpoint = (text: string) => ({
      AWS_ENDPOINT_URL: text,
      SINK: "kinesis:x",
      AWS_REGION: "eu-west-1",
    });
    const runs: readonly { args: readonly string[]; env?: Record<string, string> }[] = [
      { args: ["--help"] },
      { args: ["--version"] },
      { args: [], env: endpoint(`https://${userInfo}127.0.0.1:9`) },
      { args: [], env: endpoint(`https://${userInfo}:not a url`) },
      { args: [], env: endpoint("https://127.0.0.1:9/?planted-query=planted-query") },
      { args: ["--sink", `https://${userInfo}host/x`] },
      { args: ["--listen-addr", `http://${userInfo}host`] },
      { args: ["--aws-secret-access-key=planted-flag"] },
      { args: ["--web-config-file", "wrong.yml"] },
      { args: ["--web-config-file", "broken.yml"] },
      { args: ["plan", "--samples-per-second", `http://${userInfo}`] },
      { args: ["check", "--web-config-file", "web.yml", "--sink", "file:x"] },
    ];
    await Promise.all(
      runs.map(async ({ args, env = {} }) => {
        const { stdout, stderr } = await runProgram("bun", { cwd, args, env: { ...secrets, ...env } });
        assert.notEqual(stdout + stderr, "");
        assertNoSecrets(stdout + stderr, `${args.join(" ")} ${JSON.stringify(env)}`, cwd);
      }),
    );
  });
});
