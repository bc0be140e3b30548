/** The bill of materials says what is in the executable, no more and no less. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { assertIntegrity, lockedRuntime, readLock, targets } from "../../scripts/build-targets.ts";
import { executableSbom, productionPackages, type Sbom } from "../../scripts/sbom.ts";

const root = join(import.meta.dirname, "../..");
const options = {
  lock: readLock(root),
  runtimes: targets.map((target) => ({ target, locked: lockedRuntime(root, target) })),
  version: "1.0.0+abc",
  time: new Date("2026-11-23T12:00:00Z"),
};

function npmSbom(): Sbom {
  const args = ["sbom", "--sbom-format=cyclonedx", "--package-lock-only"];
  return JSON.parse(spawnSync("npm", args, { cwd: root, encoding: "utf8" }).stdout) as Sbom;
}

test("the bill has every package of the program, the ones in the executable marked, and each runtime", () => {
  const hono = `hono@${readLock(root)["node_modules/hono"]?.version}`;
  const sbom = executableSbom(
    npmSbom(),
    { name: "prometheus-remote-kinesis" },
    { ...options, bundled: new Set([hono]) },
  );
  assert.equal(sbom.bomFormat, "CycloneDX");
  assert.equal(sbom.metadata.component.type, "application");
  assert.equal(sbom.metadata.component.version, "1.0.0+abc");
  assert.match(
    sbom.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const ids = sbom.components.map(({ name, version }) => `${name}@${version}`);
  const runtimes = targets.map((target) => `${target.runtimePackage}@${lockedRuntime(root, target).version}`);
  assert.deepEqual(new Set(ids), new Set([...productionPackages(readLock(root)), ...runtimes]));
  const required = sbom.components
    .filter(({ scope }) => scope === "required")
    .map((each) => `${each.name}@${each.version}`);
  assert.deepEqual(new Set(required), new Set([hono, ...runtimes]));
  for (const { hashes, purl, licenses } of sbom.components) {
    assert.match(hashes?.[0]?.content ?? "", /^[0-9a-f]{128}$/);
    assert.match(purl ?? "", /^pkg:npm\//);
    assert.equal(licenses?.length, 1);
  }
  const refs = new Set([
    sbom.metadata.component["bom-ref"],
    ...sbom.components.map((each) => each["bom-ref"]),
  ]);
  for (const { ref, dependsOn = [] } of sbom.dependencies) {
    for (const each of [ref, ...dependsOn]) assert.ok(refs.has(each), each);
  }
});

test("the same input gives the same bill, and a package in the bundle that npm does not know is an error", () => {
  const input = npmSbom();
  const bill = (bundled: string[]) =>
    JSON.stringify(executableSbom(input, { name: "x" }, { ...options, bundled: new Set(bundled) }));
  assert.equal(bill([]), bill([]));
  assert.throws(() => bill(["left-pad@1.0.0"]), /does not know .*left-pad@1\.0\.0/);
});

test("a runtime that is not the one package-lock.json pins is refused", () => {
  const bytes = new TextEncoder().encode("abc");
  const right = `sha512-${"3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw=="}`;
  assertIntegrity(bytes, right, "abc");
  assert.throws(
    () => assertIntegrity(bytes.slice(1), right, "abc@1"),
    /abc@1 is not what package-lock\.json pins/,
  );
  for (const target of targets) assert.match(lockedRuntime(root, target).integrity ?? "", /^sha512-/);
});
