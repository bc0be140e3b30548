/** Starts the null end, over HTTP or TLS, and ends it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

export interface NullServer {
  readonly url: string;
  /** What came so far. */
  came(): Promise<{ readonly requests: number; readonly bytes: number }>;
}

const root = join(import.meta.dirname, "../..");
const certFolderVariable = "BENCH_CERTIFICATES";

/** A Node that runs TypeScript, for the processes around the measured one. */
export const nodePath = join(root, "node_modules/.bin/node");

/** Runs `use` while a null end listens on loopback. */
export async function withNullServer<T>(
  scheme: "http" | "https",
  use: (server: NullServer) => Promise<T>,
): Promise<T> {
  const folder = process.env[certFolderVariable];
  if (scheme === "https" && folder === undefined)
    throw new Error("the process was started without certificates");
  const files = scheme === "https" ? ["key.pem", "cert.pem"].map((name) => join(folder ?? "", name)) : [];
  const script = join(import.meta.dirname, "./null-server.ts");
  const child = spawn(nodePath, [script, ...files], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const port = Number(await firstLine(child));
    const url = `${scheme}://127.0.0.1:${port}/`;
    return await use({ url, came: async () => (await fetch(`${url}_null`)).json() as never });
  } finally {
    child.kill("SIGTERM");
  }
}

/** The environment in which all three runtimes trust the null end's certificate, and how to remove it again. */
export function makeCertificates():
  | { readonly env: Record<string, string>; readonly remove: () => void }
  | string {
  const folder = mkdtempSync(join(tmpdir(), "prk-bench-certificates-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
    // Deno does not let a server show the certificate of an authority.
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  ]);
  if (made.status !== 0 || !existsSync(cert)) {
    remove();
    return `openssl cannot make a certificate: ${made.error?.message ?? made.stderr.toString().trim()}`;
  }
  return { env: { [certFolderVariable]: folder, NODE_EXTRA_CA_CERTS: cert, DENO_CERT: cert }, remove };
}

/** The first line that a program writes to stdout. */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
    child.on("error", reject);
    child.on("close", (code) => reject(new Error(`ended with ${code} before it said anything`)));
  });
}
