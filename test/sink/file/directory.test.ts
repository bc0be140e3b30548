import assert from "node:assert/strict";
import { test } from "node:test";
import { ensureDirectories } from "../../../src/sink/file/directory.ts";
import { withFaults } from "../../../src/sink/file/fault.ts";
import { CrashingFiles, fault } from "../../support/crashing-files.ts";

test("the name of a directory that an earlier start made and could not fsync survives a power cut", async () => {
  const disk = new CrashingFiles(() => 0.1);
  const files = withFaults(disk);
  disk.before = ({ operation, path }) => {
    if (operation === "fsync" && path === "/data") throw fault("EIO");
  };
  await assert.rejects(ensureDirectories(files, "/data/spool"), /cannot fsync \/data: EIO/);
  disk.before = () => undefined;
  await ensureDirectories(files, "/data/spool");
  const file = await files.create("/data/spool/1");
  await file.datasync();
  const directory = await files.open("/data/spool");
  await directory.sync();
  disk.powerOff();
  disk.restart();
  assert.deepEqual(disk.paths(), ["/data/spool/1"]);
});

test("a parent that belongs to others and may not be read does not stand in the way", async () => {
  const disk = new CrashingFiles(() => 0.1);
  await ensureDirectories(withFaults(disk), "/data/spool");
  disk.before = ({ operation, path }) => {
    if (operation === "open" && path === "/") throw fault("EACCES");
  };
  await ensureDirectories(withFaults(disk), "/data/spool");
});
