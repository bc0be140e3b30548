/** moto, the stand-in for many AWS services that the Python world tests with. Node only. */
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { type AwsService, createAwsClient } from "../../src/aws/client.ts";
import { systemClock } from "../../src/clock.ts";
import { fixedCredentials, keptLog } from "./aws-stand-in.ts";
import { end } from "./kinesis-emulator.ts";

export interface Moto {
  readonly url: string;
  close(): Promise<void>;
}

/** Why moto cannot be used here, or undefined when it can. */
export function motoMissing(): string | undefined {
  const probe = spawnSync("python3", ["-c", "import moto.server, flask"], { stdio: "ignore" });
  return probe.status === 0 ? undefined : "moto is missing: pip install 'moto[server,firehose,s3]'";
}

/** Starts one on a free port of loopback. */
export async function startMoto(): Promise<Moto> {
  const child = spawn("python3", ["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  // Should a test run end before it closes what it started, the child ends with it.
  const endWithUs = () => void child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const said: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    const lines = createInterface({ input: child.stderr });
    lines.on("line", (line) => {
      said.push(line);
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`moto ended with ${code}: ${said.join("\n")}`)));
  });
  child.unref();
  return {
    url,
    async close() {
      process.off("exit", endWithUs);
      await end(child);
    },
  };
}

/** A client as the program has it; moto wants any signature, of any keys. */
export function motoClient(moto: Moto, service: AwsService) {
  return createAwsClient({
    service,
    region: "us-east-1",
    endpoint: new URL(moto.url),
    credentials: fixedCredentials(),
    fetch,
    clock: systemClock,
    log: keptLog().log,
    userAgent: "test",
    attemptTimeoutMs: 60_000,
  });
}
