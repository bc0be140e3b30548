/**
 * Runs the container image's program as a container's runtime would, without one: `node image-run.ts` in new mount,
 * network and process namespaces, with the image's root and a folder for /data. What a container has from its runtime
 * stands in here: a read-only root, /proc, a name server, a hosts file. Prints what it saw as JSON.
 */
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { startFakeAws } from "./fake-aws/fake-aws.ts";

export interface ImageRun {
  readonly ready: string;
  readonly writeStatus: number;
  readonly health: { readonly status: number | null; readonly text: string };
  readonly healthAfter: { readonly status: number | null };
  /** Lines that the fake Kinesis got by TLS. */
  readonly lines: number;
  readonly exitCode: number | null;
  readonly log: string;
  readonly filesOutsideData: string;
  readonly data: readonly string[];
  /** Where the program asked for names. */
  readonly namesAsked: readonly string[];
}

const program = "/usr/local/bin/prometheus-remote-kinesis";
const user = 65532;
const httpsPort = 4567;
const golden = join(import.meta.dirname, "../golden/rw1/0000.snappy");

if (import.meta.main) {
  const [root = "", folder = "", endpoint = ""] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(await runImage(root, folder, endpoint))}\n`, () => process.exit(0));
}

/** `endpoint`: the host that Kinesis has; empty for files. */
async function runImage(image: string, folder: string, endpoint: string): Promise<ImageRun> {
  const { root, data } = mountRoot(image, folder);
  const namesAsked = await answerNames();
  const fake = await startFakeAws({ streams: [{ name: "metrics" }] });
  await terminateTls(folder, Number(new URL(fake.url).port));
  copyFileSync(join(folder, "server.crt"), join(data, "ca.pem"));
  // As the program of 2017 was started, and where AWS is.
  const kinesis = {
    STREAM_NAME: "metrics",
    ...fake.env,
    AWS_ENDPOINT_URL: `https://${endpoint}:${httpsPort}`,
    NODE_EXTRA_CA_CERTS: "/data/ca.pem",
  };
  const { child, log, ended } = startProgram(root, endpoint === "" ? {} : kinesis);
  const url = "http://127.0.0.1:9501";
  const ready = await untilReady(`${url}/-/ready`);
  const write = await fetch(`${url}/receive`, {
    method: "POST",
    headers: { "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy" },
    body: readFileSync(golden),
  });
  const health = check(root);
  child.kill("SIGTERM");
  const exitCode = await ended;
  return {
    ready,
    writeStatus: write.status,
    health,
    healthAfter: check(root),
    lines: fake.lines({ stream: "metrics" }).length,
    exitCode,
    log: log(),
    filesOutsideData: mustRun("sh", ["-c", `! touch ${root}/x 2>/dev/null && echo none`]).trim(),
    data: readdirSync(data, { recursive: true, encoding: "utf8" }),
    namesAsked,
  };
}

/** The image's root, read-only but for /data, with /proc and with this run's /etc. */
function mountRoot(image: string, folder: string): { root: string; data: string } {
  const [root, data, etc] = ["root", "data", "etc"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [root, data, etc]) mkdirSync(path, { recursive: true });
  mustRun("chown", [`${user}:${user}`, data]);
  cpSync(join(image, "etc"), etc, { recursive: true });
  writeFileSync(join(etc, "resolv.conf"), "nameserver 127.0.0.1\n");
  writeFileSync(join(etc, "hosts"), "127.0.0.1 localhost kinesis.hosts\n");
  mustRun("mount", ["--make-rprivate", "/"]);
  mustRun("mount", ["--bind", image, root]);
  mustRun("mount", ["-o", "remount,bind,ro", root]);
  mustRun("mount", ["-t", "proc", "proc", join(root, "proc")]);
  mustRun("mount", ["--bind", data, join(root, "data")]);
  mustRun("mount", ["--bind", etc, join(root, "etc")]);
  mustRun("ip", ["link", "set", "lo", "up"]);
  return { root, data };
}

/** A name server: every name has the address 127.0.0.1 and no IPv6. Answers the names that it was asked for. */
async function answerNames(): Promise<readonly string[]> {
  const names: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (query, peer) => {
    const end = query.indexOf(0, 12) + 5;
    names.push(nameIn(query.subarray(12, end - 5)));
    const isAddress = query.readUInt16BE(end - 4) === 1;
    const head = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0]);
    const address = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    const answer = [head, query.subarray(12, end), ...(isAddress ? [address] : [])];
    socket.send(Buffer.concat(answer), peer.port, peer.address);
  });
  socket.bind(53, "127.0.0.1");
  await once(socket, "listening");
  return names;
}

function nameIn(labels: Buffer): string {
  const texts: string[] = [];
  for (let at = 0; at < labels.length; at += labels[at]! + 1) {
    texts.push(labels.toString("latin1", at + 1, at + 1 + labels[at]!));
  }
  return texts.join(".");
}

/** TLS for both names of Kinesis in front of a plain port. */
async function terminateTls(folder: string, port: number): Promise<void> {
  const [key, cert] = [join(folder, "server.key"), join(folder, "server.crt")];
  const subject = [
    "-subj",
    "/CN=kinesis.test",
    "-addext",
    "subjectAltName=DNS:kinesis.test,DNS:kinesis.hosts",
  ];
  const how = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
  ];
  mustRun("openssl", [...how, ...subject, "-keyout", key, "-out", cert]);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    const plain = connect(port, "127.0.0.1");
    socket.pipe(plain).pipe(socket);
    for (const each of [socket, plain]) each.on("error", () => each.destroy());
  });
  server.listen(httpsPort, "127.0.0.1");
  await once(server, "listening");
}

function startProgram(root: string, env: Readonly<Record<string, string>>) {
  const inside = ["-i", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const args = [...inside, `PATH=${process.env["PATH"]}`, ...entering(root), program];
  const child = spawn("env", args, { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, ended, log: () => text };
}

/** Starts what follows in the image: as its user, in its working directory. */
function entering(root: string): readonly string[] {
  return ["unshare", `--root=${root}`, "--wd=/data", `--setgid=${user}`, `--setuid=${user}`];
}

/** HEALTHCHECK's command line. */
function check(root: string): { status: number | null; text: string } {
  const [command = "", ...args] = [...entering(root), program, "check", "--health"];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return { status, text: stdout + stderr };
}

async function untilReady(url: string): Promise<string> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined) return answer.text();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return "never answered";
}

function mustRun(command: string, args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (error !== undefined || status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`, { cause: error });
  }
  return stdout;
}
