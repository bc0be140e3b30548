/** The Dockerfile builds, and its image holds all that the program needs and nothing that an attacker could use. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import about from "../../package.json" with { type: "json" };
import { interpreterOf, machineOf } from "../../scripts/elf.ts";
import { listedLibraries } from "../../scripts/image-root.ts";
import { type Image, reasonNotToBuild, withImage } from "../support/image.ts";
import type { ImageRun } from "../support/image-run.ts";

const root = join(import.meta.dirname, "../..");
const why = reasonNotToBuild();
const compressedBytesMax = 50_000_000;

/** As a layer that is compressed with zstd; level 12, since 19 would take half a minute for 5 % less. */
function compressedBytes(folder: string): number {
  const command = `tar --create --directory=${folder} . | zstd --quiet -12 -T0 | wc -c`;
  return Number(spawnSync("sh", ["-c", command], { encoding: "utf8" }).stdout);
}

/** Runs the image's program in namespaces of its own; `endpoint`: the host that Kinesis has, none for files. */
function runImage(image: Image, endpoint = ""): ImageRun {
  const folder = mkdtempSync(join(tmpdir(), "prk-image-run-"));
  try {
    const node = [join(root, "node_modules/.bin/node"), join(root, "test/support/image-run.ts")];
    const args = ["--mount", "--net", "--pid", "--fork", ...node, image.root, folder, endpoint];
    const { status, stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8", timeout: 60_000 });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as ImageRun;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function assertReceived(run: ImageRun): void {
  assert.equal(run.ready, "Ready\n", run.log);
  assert.equal(run.writeStatus, 204, run.log);
  assert.equal(run.health.status, 0, run.health.text);
  assert.equal(run.exitCode, 0, run.log);
  assert.notEqual(run.healthAfter.status, 0);
  assert.equal(run.filesOutsideData, "none");
}

test(
  "the image builds from the Dockerfile, is small, and runs as nobody with a read-only root",
  why === undefined ? {} : { skip: why },
  () =>
    withImage("abc1234", async (image) => {
      const { config } = image;
      assert.equal(config.User, "65532:65532");
      assert.deepEqual(Object.keys(config.ExposedPorts), ["9501/tcp"]);
      assert.deepEqual(Object.keys(config.Volumes), ["/data"]);
      assert.equal(config.WorkingDir, "/data");
      assert.deepEqual(config.Healthcheck.Test, ["CMD", ...config.Entrypoint, "check", "--health"]);
      assert.equal(config.Labels["org.opencontainers.image.revision"], "abc1234");

      const files = readdirSync(image.root, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(image.root.length));
      const programs = files.filter((file) => !/\/lib(64)?\/|^\/etc\/|^\/usr\/share\//.test(file));
      assert.deepEqual(programs, config.Entrypoint);
      const compressed = compressedBytes(image.root);
      console.log(`fault: image of ${files.length} files, ${(compressed / 1e6).toFixed(1)} MB as zstd 12`);
      assert.ok(compressed <= compressedBytesMax, `${compressed} bytes`);

      const intoFiles = runImage(image);
      assertReceived(intoFiles);
      assert.ok(
        intoFiles.data.some((path) => /^archive\/.*\.ndjson\.gz$/.test(path)),
        intoFiles.data.join(" "),
      );

      // By a name server, and by the hosts file.
      for (const host of ["kinesis.test", "kinesis.hosts"]) {
        const run = runImage(image, host);
        assertReceived(run);
        assert.ok(run.lines > 0, run.log);
        assert.equal(run.namesAsked.includes(host), host === "kinesis.test", run.namesAsked.join(" "));
        assert.match(run.log, /archive=kinesis:metrics .*version=\d\S*\+abc1234/);
      }
    }),
);

test("the image's version label is the program's version", () => {
  const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
  assert.equal(/^ARG VERSION=(\S+)$/m.exec(dockerfile)?.[1], about.version);
});

test("the runtime brings the certificates that AWS's services are known by: the image needs none", () => {
  const text =
    'const { X509Certificate } = require("crypto");' +
    'console.log(require("tls").rootCertificates.map((pem) => new X509Certificate(pem).subject).join())';
  const { stdout } = spawnSync(join(root, "node_modules/.bin/bun"), ["--print", text], { encoding: "utf8" });
  for (const name of ["Amazon Root CA 1", "Amazon Root CA 4", "Starfield Services Root"])
    assert.ok(stdout.includes(name));
});

test("the loader's list of libraries is read as glibc and as musl write it, and a missing one is an error", () => {
  const glibc =
    "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibm.so.6 => /lib/libm.so.6 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x7f)\n";
  assert.deepEqual(listedLibraries(glibc), ["/lib/libm.so.6", "/lib64/ld-linux-x86-64.so.2"]);
  const musl =
    "\t/lib/ld-musl-x86_64.so.1 (0x7f)\n\tlibstdc++.so.6 => /usr/lib/libstdc++.so.6 (0x7f)\n" +
    "\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f)\n";
  assert.deepEqual(listedLibraries(musl).slice(0, 2), [
    "/lib/ld-musl-x86_64.so.1",
    "/usr/lib/libstdc++.so.6",
  ]);
  assert.throws(() => listedLibraries("\tlibx.so => not found\n"), /libx\.so => not found/);
});

test("what an ELF file says of machine and loader is read from it, and other files are refused", () => {
  const node = readFileSync(process.execPath);
  if (process.platform === "linux") {
    assert.equal(machineOf(node), process.arch);
    assert.match(interpreterOf(node), /^\/lib.*\/ld-/);
  }
  assert.throws(() => interpreterOf(new Uint8Array(100)), /not a 64 bit ELF file/);
});
