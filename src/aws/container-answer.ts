/**
 * Why the container's credentials endpoint (ECS, EKS Pod Identity) gives none: the SDK's chain keeps that to itself.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
import { readFile } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import { readText, serviceError } from "./answer.ts";
import type { Fetch } from "./client.ts";
import { withinDeadline } from "./deadline.ts";
import { type Env, variable } from "./shared-config.ts";

/** It answers from the host itself. */
const timeoutMs = 1_500;
const answerBytesMax = 64 * 1024;

/** Where AWS puts the endpoints of ECS and EKS. The token goes nowhere else in plain text, as in the AWS SDK. */
const plainHosts = new Set(["localhost", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[::1]"]);

/** What it says to us, in some words; undefined where none is set up, or where it has nothing to complain about. */
export async function containerComplaint(
  env: Env,
  fetch: Fetch,
  clock: Pick<Clock, "after">,
): Promise<string | undefined> {
  try {
    const relative = variable(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const full = variable(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative === undefined && full === undefined) return undefined;
    const url = new URL(relative === undefined ? (full ?? "") : `http://169.254.170.2${relative}`);
    const isLocal = plainHosts.has(url.hostname) || /^127(\.\d+){3}$/.test(url.hostname);
    if (url.protocol !== "https:" && !isLocal) return `${url.host} is neither of this host nor HTTPS`;
    const file = variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const token =
      file === undefined
        ? variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN")
        : (await readFile(file, "utf8")).trim();
    return await withinDeadline(clock, timeoutMs, undefined, async (signal) => {
      const headers: Record<string, string> = token === undefined ? {} : { Authorization: token };
      const { status, ...answer } = await ask(fetch, url, { headers, redirect: "manual", signal });
      if (status >= 200 && status < 300) return undefined;
      return [`HTTP ${status}`, answer.code, answer.message].filter(Boolean).join(" ");
    });
  } catch (error) {
    return describeError(error);
  }
}

async function ask(fetch: Fetch, url: URL, init: RequestInit) {
  const response = await fetch(url.href, init);
  const text = await readText(response, answerBytesMax);
  return { status: response.status, ...serviceError(response.headers, response.ok ? "" : text) };
}
