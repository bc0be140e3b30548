/** Whether the service's endpoint can be reached, how long that takes, and what time it is there. */
import type { Fetch } from "../aws/client.ts";
import { withinDeadline } from "../aws/deadline.ts";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import { durationText } from "./aws-access.ts";
import { failed, ok, type Step, type Steps, skipped, warning } from "./step.ts";

export interface ReachOptions {
  readonly endpoint: URL;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** AWS refuses signatures that are five minutes off; ours follow the service's clock once it has said so. */
const skewMaxMs = 4 * 60_000;
const skewNoticedMs = 30_000;
/** `Date` has whole seconds. */
const dateStepMs = 1_000;

/** Asks the endpoint for nothing in particular: every answer will do. Returns whether there was one. */
export async function* checkReach({ endpoint, fetch, clock, timeoutMs }: ReachOptions): Steps<boolean> {
  const startMs = clock.monotonicMs();
  try {
    const headers = await withinDeadline(clock, timeoutMs, undefined, async (signal) => {
      const response = await fetch(endpoint.href, { method: "GET", redirect: "manual", signal });
      await response.body?.cancel();
      return response.headers;
    });
    const tookMs = clock.monotonicMs() - startMs;
    yield ok("endpoint", `${endpoint.origin} answers within ${Math.ceil(tookMs)} ms`);
    yield clockStep(headers.get("date"), clock.now() - tookMs / 2);
    return true;
  } catch (error) {
    yield failed("endpoint", `${endpoint.origin} cannot be reached: ${describeError(error)}`, todoOf(error));
    yield skipped("clock", "no answer that tells the time");
    return false;
  }
}

function todoOf(error: unknown): string {
  const text = describeError(error);
  if (/certificate|CERT_|self.signed|issuer/i.test(text))
    return "trust the certificate (NODE_EXTRA_CA_CERTS), or correct AWS_ENDPOINT_URL and its variants";
  if (/ENOTFOUND|EAI_AGAIN|getaddrinfo|dns|resolve/i.test(text))
    return "check the region's spelling, AWS_ENDPOINT_URL and its variants, and name resolution on this host";
  return "check network, security group, VPC endpoint, proxy, and AWS_ENDPOINT_URL and its variants";
}

function clockStep(date: string | null, nowMs: number): Step {
  const thereMs = Date.parse(date ?? "");
  if (Number.isNaN(thereMs)) return skipped("clock", "the answer has no Date that tells the time");
  const skewMs = nowMs - (thereMs + dateStepMs / 2);
  const aside = Math.max(0, Math.abs(skewMs) - dateStepMs / 2);
  if (aside < skewNoticedMs)
    return ok("clock", aside < dateStepMs ? "as the service has it" : `${durationText(aside)} off`);
  const message = `this host is ${durationText(aside)} ${skewMs > 0 ? "ahead of" : "behind"} the service`;
  const todo = "set the clock (chrony, systemd-timesyncd): folders of the archive and signatures go by it";
  return aside < skewMaxMs ? warning("clock", message, todo) : failed("clock", message, todo);
}
