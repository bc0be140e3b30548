import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { containerComplaint } from "../../src/aws/container-answer.ts";
import { systemClock } from "../../src/clock.ts";

const eks = { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials" };

test("what the container's endpoint says is told, asked with the token of the file", async () => {
  const directory = await mkdtemp(join(tmpdir(), "prk-container-"));
  try {
    const file = join(directory, "token");
    await writeFile(file, "a-token\n");
    const asked: unknown[] = [];
    const fetch = async (url: string, init?: RequestInit) => {
      asked.push([url, new Headers(init?.headers).get("authorization"), init?.redirect]);
      return new Response('{"code":"AccessDeniedException","message":"no association\\n for it"}', {
        status: 400,
      });
    };
    const env = { ...eks, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file };
    const said = await containerComplaint(env, fetch as typeof globalThis.fetch, systemClock);
    assert.match(said ?? "", /^HTTP 400 AccessDeniedException no association\s+for it$/);
    assert.deepEqual(asked, [["http://169.254.170.23/v1/credentials", "a-token", "manual"]]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("credentials are no complaint, and nothing of them is told", async () => {
  const fetch = async () => new Response('{"SecretAccessKey":"s3cret"}', { status: 200 });
  assert.equal(await containerComplaint(eks, fetch, systemClock), undefined);
  assert.equal(await containerComplaint({}, fetch, systemClock), undefined);
});

test("the token is not sent to another host in plain text, and an endpoint that is gone is told", async () => {
  const fetch = () => Promise.reject(new TypeError("fetch failed"));
  const elsewhere = { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://192.0.2.1/credentials" };
  assert.match((await containerComplaint(elsewhere, fetch, systemClock)) ?? "", /^192\.0\.2\.1 is neither/);
  const ecs = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/1" };
  assert.match((await containerComplaint(ecs, fetch, systemClock)) ?? "", /fetch failed/);
});
