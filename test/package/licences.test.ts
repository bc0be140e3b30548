/** Every package that the program is made of has a licence that is allowed, and its text is to be had. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bundledFolders } from "../../scripts/build-executable.ts";
import { readLock } from "../../scripts/build-targets.ts";
import { assertAllowed, type BundledPackage, licenceTexts, readPackage } from "../../scripts/licences.ts";
import { productionPackages } from "../../scripts/sbom.ts";

const root = join(import.meta.dirname, "../..");
const standard = { apache: "APACHE", mit: "Copyright (c) HOLDER\n\nMIT", runtime: "RUNTIME" };

test("every package of the program, and what it brings along, has a licence on the allow list", () => {
  const names = productionPackages(readLock(root));
  assert.ok(names.size > 30, [...names].join(" "));
  const folders = Object.entries(readLock(root)).filter(
    ([folder, { version }]) =>
      names.has(`${folder.split("node_modules/").at(-1)}@${version}`) && folder !== "",
  );
  for (const [folder, { version, license = "none" }] of folders) {
    assertAllowed({ name: folder, version, licence: license });
    // package-lock.json says what the package itself says.
    if (existsSync(join(root, folder))) assert.equal(readPackage(root, folder).licence, license);
  }
});

test("a licence that is not on the allow list is an error that says what to do", () => {
  for (const licence of [
    "GPL-3.0-or-later",
    "UNLICENSED",
    "undefined",
    "MIT OR GPL-2.0",
    "(MIT AND AGPL-3.0)",
    "",
  ]) {
    assert.throws(
      () => assertAllowed({ name: "left-pad", version: "1.0.0", licence }),
      /left-pad@1\.0\.0.*allowedLic/,
    );
  }
  assertAllowed({ name: "a", version: "1.0.0", licence: "(Apache-2.0 AND BSD-3-Clause)" });
});

test("a package's own licence text goes into the list, and the standard text where it has none", () => {
  const one = (name: string, licence: string, texts: string[]): BundledPackage => ({
    ...{ name, licence, texts },
    version: "1.2.3",
    author: "Ann $& Other",
  });
  const text = licenceTexts(
    [one("own", "ISC", ["OWN TEXT"]), one("bare", "MIT", []), one("big", "Apache-2.0", [])],
    standard,
  );
  for (const part of ["own 1.2.3 (ISC)", "OWN TEXT", "Copyright (c) Ann $& Other", "APACHE", "RUNTIME"]) {
    assert.ok(text.includes(part), part);
  }
  assert.throws(() => licenceTexts([one("bare", "ISC", [])], standard), /bare@1\.2\.3 ships no text/);
});

test("the texts of this repository are the real ones", () => {
  assert.match(readFileSync(join(root, "LICENSE"), "utf8"), /Apache License\s+Version 2\.0/);
  assert.match(
    readFileSync(join(root, "scripts/mit-licence.txt"), "utf8"),
    /^Copyright \(c\) HOLDER\n.*"AS IS"/s,
  );
  assert.match(readFileSync(join(root, "scripts/bun-runtime-licence.txt"), "utf8"), /JavaScriptCore/);
});

test("the packages of a bundle are read from its source map, nested ones too", () => {
  const sources = [
    "../src/main.ts",
    "../node_modules/hono/dist/hono.js",
    "../node_modules/hono/dist/context.js",
    "../node_modules/@aws-sdk/core/index.js",
    "node_modules/a/node_modules/@b/c/d.js",
  ];
  assert.deepEqual(bundledFolders(sources), [
    "node_modules/@aws-sdk/core",
    "node_modules/a/node_modules/@b/c",
    "node_modules/hono",
  ]);
});
