import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { filesUnder, withTemporaryDirectory } from "../support/temporary-directory.ts";

const script = join(import.meta.dirname, "../../scripts/dev-aws.ts");

/** Runs the script with these arguments until `run` is through; answers its lines and how it ended. */
async function withDevAws(args: readonly string[], run: (url: string) => Promise<void>) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const started = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      const url = /export AWS_ENDPOINT_URL=(\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once("exit", (code) => reject(new Error(`dev-aws ended with ${code}`)));
  });
  try {
    await run(await started);
    child.kill("SIGTERM");
    return { lines, code: await ended };
  } finally {
    child.kill("SIGKILL");
  }
}

test("dev-aws prints the environment, takes faults, tells each call, and ends at SIGTERM", () =>
  withTemporaryDirectory(async (directory) => {
    const args = ["--port", "0", "--stream", "metrics:2", "--objects", directory];
    const { lines, code } = await withDevAws(args, async (url) => {
      const fault = { kind: "throttle", count: 1 };
      const set = await fetch(`${url}/_fake/faults`, { method: "POST", body: JSON.stringify(fault) });
      assert.deepEqual(await set.json(), { ids: [1] });
      assert.equal((await fetch(`${url}/archive/key`, { method: "PUT", body: "x" })).status, 403);
      const state = (await (await fetch(`${url}/_fake/state`)).json()) as Record<
        string,
        Record<string, unknown>
      >;
      assert.deepEqual(Object.keys(state["streams"] ?? {}), ["metrics"]);
      assert.deepEqual(Object.keys(state["buckets"] ?? {}), ["archive"]);
    });
    assert.equal(code, 0);
    const text = lines.join("\n");
    for (const name of [
      "AWS_REGION",
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ]) {
      assert.match(text, new RegExp(`export ${name}=\\S+`));
    }
    assert.match(text, /s3\.PutObject PUT \/archive\/key 1 B: 403 AccessDenied/);
    assert.deepEqual(await filesUnder(directory), []);
  }));
