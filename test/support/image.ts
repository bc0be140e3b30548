/** Builds the Dockerfile with buildah, without a daemon and without pulling: the base image is made of this machine. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Image {
  /** The image's file system, mounted. */
  readonly root: string;
  readonly config: ImageConfig;
}

/** The part of the configuration that Docker acts upon. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly WorkingDir: string;
  readonly Volumes: Readonly<Record<string, unknown>>;
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

const repository = join(import.meta.dirname, "../..");
/** What npm and the scripts that it runs call. */
const programs = ["/bin/sh", "/usr/bin/env", "/bin/uname", "/bin/mkdir", "/bin/tar", "/bin/gzip"];
const certificates = "/etc/ssl/certs/ca-certificates.crt";

/** Why the image cannot be built here, or undefined. */
export function reasonNotToBuild(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can build an image with chroot isolation";
  if (spawnSync("buildah", ["--version"]).error !== undefined)
    return "buildah is not installed: apt-get install buildah";
  return undefined;
}

/** Builds the image as the Dockerfile says, in a storage that is removed afterwards. */
export async function withImage(commit: string, use: (image: Image) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "prk-image-"));
  const storage = [
    "--storage-driver",
    "vfs",
    "--root",
    join(folder, "storage"),
    "--runroot",
    join(folder, "run"),
  ];
  const buildah = (...args: readonly string[]): string => run("buildah", [...storage, ...args]);
  try {
    makeBase(join(folder, "base"));
    const base = buildah("from", "scratch").trim();
    buildah("copy", "--quiet", base, join(folder, "base"), "/");
    buildah("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", base);
    buildah("commit", "--quiet", base, "localhost/base");
    const npmCache = join(homedir(), ".npm");
    const build = ["build", "--isolation", "chroot", "--format", "docker", "--tag", "localhost/image"];
    const given = ["--build-arg", "BASE=localhost/base", "--build-arg", `COMMIT=${commit}`];
    buildah(
      ...build,
      ...(existsSync(npmCache) ? ["--volume", `${npmCache}:/root/.npm`] : []),
      ...given,
      repository,
    );
    const inspected = JSON.parse(buildah("inspect", "--type", "image", "localhost/image")) as {
      readonly Docker: { readonly config: ImageConfig };
    };
    const container = buildah("from", "localhost/image").trim();
    await use({
      root: buildah("mount", container).trim(),
      config: inspected.Docker.config,
    });
    buildah("umount", container);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file system with node, npm, a shell and what they need, as this machine's distribution has them. */
function makeBase(folder: string): void {
  for (const path of ["tmp", "proc", "sys", "dev", "root"])
    mkdirSync(join(folder, path), { recursive: true });
  for (const program of programs) copyProgram(program, folder, program);
  copyProgram(join(repository, "node_modules/.bin/node"), folder, "/usr/local/bin/node");
  const npm = join(dirname(realpathSync(run("which", ["npm"]).trim())), "..");
  cpSync(npm, join(folder, "usr/lib/node_modules/npm"), { recursive: true });
  symlinkSync("/usr/lib/node_modules/npm/bin/npm-cli.js", join(folder, "usr/local/bin/npm"));
  // How this machine's npm reaches its registry.
  const settings = existsSync(join(homedir(), ".npmrc")) ? run("cat", [join(homedir(), ".npmrc")]) : "";
  const withCertificates = existsSync(certificates) ? `${settings}\ncafile=${certificates}\n` : settings;
  if (existsSync(certificates)) copyFile(certificates, folder, certificates);
  writeFileSync(join(folder, "root/.npmrc"), withCertificates);
  mkdirSync(join(folder, "etc"), { recursive: true });
  writeFileSync(join(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
}

function copyProgram(path: string, folder: string, to: string): void {
  copyFile(realpathSync(path), folder, to);
  for (const [library = ""] of run("ldd", [realpathSync(path)]).matchAll(/\/\S+(?= \()/g)) {
    copyFile(library, folder, library);
  }
}

function copyFile(from: string, folder: string, to: string): void {
  const path = join(folder, to);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(realpathSync(from), path);
}

function run(command: string, args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined || status !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stdout}${stderr}`, {
      cause: error,
    });
  }
  return stdout;
}
