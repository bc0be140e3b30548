import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadWebConfig } from "../../src/web-config/load.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

test("paths in a web config are relative to it, and what they name is read", async () => {
  await withTemporaryDirectory(async (directory) => {
    await mkdir(join(directory, "keys"));
    await writeFile(join(directory, "keys/c.pem"), "C");
    await writeFile(join(directory, "keys/k.pem"), "K");
    await writeFile(join(directory, "token"), "0123456789abcdef\n");
    const text =
      "tls_server_config: {cert_file: keys/c.pem, key_file: keys/k.pem}\nbearer_token_files: {prom: token}\n";
    await writeFile(join(directory, "web.yml"), text);
    const { tls, access } = await loadWebConfig(join(directory, "web.yml"));
    assert.deepEqual([tls?.cert, tls?.key], ["C", "K"]);
    const sha256 = createHash("sha256").update("0123456789abcdef").digest("hex");
    assert.deepEqual([...access.tokens], [["prom", sha256]]);
  });
});

test("a file that is missing, too long or no file is named, and a token that could be guessed refused", async () => {
  await withTemporaryDirectory(async (directory) => {
    const file = join(directory, "web.yml");
    await assert.rejects(loadWebConfig(file), /cannot read the web config ".*web\.yml"/);
    await assert.rejects(loadWebConfig(directory), /is no file/);
    await writeFile(file, "tls_server_config: {cert_file: none, key_file: none}\n");
    await assert.rejects(loadWebConfig(file), /cannot read cert_file ".*none"/);
    await writeFile(file, "bearer_token_files: {prom: token}\n");
    for (const token of ["", "short", "with a blank in between"]) {
      await writeFile(join(directory, "token"), token);
      await assert.rejects(loadWebConfig(file), /is to hold one token of at least 16 characters/);
    }
    await writeFile(file, `# ${"x".repeat(4 << 20)}\n`);
    await assert.rejects(loadWebConfig(file), /more than 4194304 bytes/);
  });
});
