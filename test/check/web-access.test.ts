import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Step } from "../../src/check/step.ts";
import { checkWebAccess } from "../../src/check/web-access.ts";
import { withDirectory } from "../support/program.ts";
import { selfSigned } from "../support/self-signed.ts";

const now = () => Date.parse("2026-12-01T00:00:00Z");

async function steps(
  hostname: string | undefined,
  webConfigFile?: string,
  at = now,
): Promise<readonly Step[]> {
  const found: Step[] = [];
  for await (const step of checkWebAccess({ hostname, webConfigFile, clock: { now: at } })) found.push(step);
  return found;
}

test("a program that everybody may reach is told", async () => {
  const [open] = await steps(undefined);
  assert.equal(open?.status, "warning");
  assert.match(
    open?.message ?? "",
    /^neither TLS nor authentication, on all addresses: whoever reaches it may write$/,
  );
  for (const hostname of ["127.0.0.1", "localhost", "::1"])
    assert.equal((await steps(hostname))[0]?.status, "ok", hostname);
});

test("users, TLS and the end of the certificate are told, and what is wrong with them", async () => {
  await withDirectory(async (directory) => {
    const file = join(directory, "web.yml");
    await writeFile(join(directory, "cert.pem"), selfSigned.cert);
    await writeFile(join(directory, "key.pem"), selfSigned.key);
    const hash = `$2y$10$${"a".repeat(53)}`;
    const tls = "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n";
    await writeFile(file, `${tls}basic_auth_users: {prometheus: "${hash}"}\n`);
    const [access, certificate] = await steps(undefined, file);
    assert.deepEqual([access?.status, access?.message], ["ok", "TLS, for 1 user"]);
    assert.equal(certificate?.status, "ok");
    assert.match(certificate?.message ?? "", /^until 2126-\d\d-\d\dT.* \(\d+ days\)$/);
    const [, ended] = await steps(undefined, file, () => Date.parse("2130-01-01T00:00:00Z"));
    assert.equal(ended?.status, "failed");
    const [, soon] = await steps(undefined, file, () => Date.parse("2126-10-28T00:00:00Z"));
    assert.equal(soon?.status, "warning", soon?.message);
    await writeFile(file, tls);
    assert.match(
      (await steps("0.0.0.0", file))[0]?.message ?? "",
      /^TLS, no authentication, on 0\.0\.0\.0: whoever/,
    );
    await writeFile(file, `basic_auth_users: {prometheus: "${hash}"}\n`);
    assert.match(
      (await steps(undefined, file))[0]?.message ?? "",
      /^plain HTTP, for 1 user: passwords .* unencrypted$/,
    );
    assert.equal((await steps("127.0.0.1", file))[0]?.status, "ok");
    await writeFile(file, "basic_auth_users: 7\n");
    const [wrong] = await steps(undefined, file);
    assert.equal(wrong?.status, "failed");
    const [missing] = await steps(undefined, join(directory, "nowhere.yml"));
    assert.match(missing?.message ?? "", /nowhere\.yml/);
  });
});
