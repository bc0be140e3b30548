import assert from "node:assert/strict";
import { test } from "node:test";
import { assertDirectoriesApart } from "../../src/command/directories.ts";
import { ConfigError } from "../../src/errors.ts";
import { configOf } from "../support/config.ts";

function problem(...args: readonly string[]): string | undefined {
  try {
    assertDirectoriesApart(configOf(args));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ConfigError && error.exitCode === 2, String(error));
    return error.message;
  }
}

test("a spool of its own is taken, also beside the others or with a name that begins as theirs", () => {
  assert.equal(problem("--sink", "file:./archive"), undefined);
  assert.equal(problem("--sink", "file:./archive", "--spool-dir", "./spool"), undefined);
  assert.equal(problem("--sink", "file:./archive", "--spool-dir", "./archive-spool"), undefined);
  assert.equal(problem("--sink", "file:/a/b", "--spool-dir", "/a/..c"), undefined);
  assert.equal(problem("--sink", "kinesis:s", "--spool-dir", "./archive"), undefined);
});

test("a spool in the archive, around it or the same is refused, however it is spelled", () => {
  assert.match(problem("--sink", "file:x", "--spool-dir", "x/spool") ?? "", /is inside the archive file:x/);
  assert.match(problem("--sink", "file:.", "--spool-dir", "./spool") ?? "", /is inside the archive file:\./);
  assert.match(problem("--sink", "file:x/y", "--spool-dir", "./x") ?? "", /contains the archive file:x\/y/);
  assert.match(problem("--sink", "file:./x", "--spool-dir", "y/../x/") ?? "", /is the same directory as the/);
});

test("a spool and a quarantine in one directory are refused", () => {
  const same = problem("--spool-dir", "q", "--quarantine-dir", "./q") ?? "";
  assert.match(same, /^--spool-dir "q" is the same directory as --quarantine-dir "\.\/q": give the spool/);
  assert.match(problem("--spool-dir", "q", "--quarantine-dir", "q/r") ?? "", /contains --quarantine-dir/);
});
