/**
 * The region of the EC2 instance we run on, from its metadata service (version 2).
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
import type { Clock } from "../clock.ts";
import { readText } from "./answer.ts";
import type { Fetch } from "./client.ts";
import { withinDeadline } from "./deadline.ts";
import { type Env, variable } from "./shared-config.ts";

/** It answers from the host itself: what takes longer is not there. */
const timeoutMs = 1_000;
const answerBytesMax = 4_096;

/** False when the environment forbids asking: by anything but `false`, as in the AWS SDK. */
export function mayAskInstance(env: Env): boolean {
  return (variable(env, "AWS_EC2_METADATA_DISABLED") ?? "false").toLowerCase() === "false";
}

/** Base URL of the metadata service. */
export function instanceMetadataUrl(env: Env): string {
  const own = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (own !== undefined) return own.replace(/\/+$/, "");
  const mode = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.toLowerCase();
  return mode === "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

/** The region, or why there is none. Takes at most about one second. */
export async function instanceRegion(
  env: Env,
  fetch: Fetch,
  clock: Pick<Clock, "after">,
): Promise<{ readonly region: string } | { readonly error: unknown }> {
  const base = instanceMetadataUrl(env);
  try {
    return await withinDeadline(clock, timeoutMs, undefined, async (signal) => {
      const ask = async (path: string, method: string, headers: Record<string, string>) => {
        const response = await fetch(`${base}/latest/${path}`, {
          method,
          headers,
          signal,
          redirect: "manual",
        });
        const text = (await readText(response, answerBytesMax)).trim();
        if (response.status !== 200 || text === "")
          throw new Error(`${method} ${path}: HTTP ${response.status}`);
        return text;
      };
      const token = await ask("api/token", "PUT", { "x-aws-ec2-metadata-token-ttl-seconds": "60" });
      const headers = { "x-aws-ec2-metadata-token": token };
      return { region: await ask("meta-data/placement/region", "GET", headers) };
    });
  } catch (error) {
    return { error };
  }
}
