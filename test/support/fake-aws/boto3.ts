/** AWS' own Python client as a process, to sign calls to the fake and to read its answers. Node only. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { end } from "../kinesis-emulator.ts";

export type Values = Readonly<Record<string, unknown>>;

export interface BotoError {
  readonly error: string;
  readonly status: number;
  readonly message: string;
}

export interface BotoConfig {
  /** Of the client: `aws_access_key_id`, `region_name`, … */
  readonly client?: Values;
  /** Of botocore's Config: `s3`, `read_timeout`, … */
  readonly botocore?: Values;
}

export interface Boto3 {
  /** The answer of a call that succeeded; bytes are Buffers. Rejects with what came instead. */
  call(service: string, operation: string, params?: Values, config?: BotoConfig): Promise<Values>;
  /** All pages of a paginator. */
  pages(service: string, paginator: string, params?: Values): Promise<readonly Values[]>;
  /** The error of a call that must fail. */
  error(service: string, operation: string, params?: Values, config?: BotoConfig): Promise<BotoError>;
  /** What botocore says of a call that got no answer. */
  failure(service: string, operation: string, params?: Values, config?: BotoConfig): Promise<string>;
  close(): Promise<void>;
}

/** moto brings boto3 along: its own Python, or the one of the path. */
function python(): string {
  const server = process.env["MOTO_SERVER_BIN"];
  const besideServer = server === undefined ? "" : join(dirname(server), "python");
  return existsSync(besideServer) ? besideServer : "python3";
}

/** Why boto3 cannot be used here, or undefined when it can. */
export function boto3Missing(): string | undefined {
  const probe = spawnSync(python(), ["-c", "import boto3"], { stdio: "ignore" });
  return probe.status === 0 ? undefined : "boto3 is missing: pip install boto3";
}

/** Starts one with the environment that points it to the fake. */
export function startBoto3(env: Readonly<Record<string, string>>): Boto3 {
  const script = join(import.meta.dirname, "boto3-client.py");
  const child = spawn(python(), ["-u", script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", ...env },
  });
  const endWithUs = () => void child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const send = async (call: Values): Promise<Values> => {
    child.stdin.write(`${JSON.stringify(call, bytesAsBase64)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error("boto3 ended");
    return JSON.parse(value, base64AsBytes) as Values;
  };
  const expect = async (field: string, call: Values) => {
    const answer = await send(call);
    if (answer[field] !== undefined) return answer;
    throw new Error(`${String(call["operation"])}: ${JSON.stringify(answer)}`);
  };
  return {
    call: async (service, operation, params = {}, config = {}) =>
      (await expect("value", { service, operation, params, config }))["value"] as Values,
    pages: async (service, paginator, params = {}) =>
      (await expect("value", { service, operation: "paginate", paginator, params }))["value"] as Values[],
    error: async (service, operation, params = {}, config = {}) =>
      (await expect("error", { service, operation, params, config })) as unknown as BotoError,
    failure: async (service, operation, params = {}, config = {}) =>
      String((await expect("failed", { service, operation, params, config }))["failed"]),
    async close() {
      process.off("exit", endWithUs);
      await end(child);
    },
  };
}

/** Buffers have become `{type, data}` by the time a replacer sees them. */
function bytesAsBase64(this: unknown, name: string, value: unknown): unknown {
  const original = (this as Values)[name];
  return original instanceof Uint8Array ? { $bytes: Buffer.from(original).toString("base64") } : value;
}

function base64AsBytes(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$bytes" in value)) return value;
  return Buffer.from(String(value.$bytes), "base64");
}
