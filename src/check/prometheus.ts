/**
 * The sender's side, as Prometheus itself tells it: version, whether its remote_write is meant for us, and whether it
 * gets through. https://prometheus.io/docs/prometheus/latest/querying/api/#status
 */
import { isObject, parseObject, readText } from "../aws/answer.ts";
import type { Fetch } from "../aws/client.ts";
import { withinDeadline } from "../aws/deadline.ts";
import { type Clock, sleep } from "../clock.ts";
import { describeError } from "../errors.ts";
import { judgeRemoteWrite, type OwnAddress } from "./remote-write.ts";
import { judgeSending } from "./sending.ts";
import { failed, ok, type Step, type Steps, skipped, warning } from "./step.ts";

export interface PrometheusOptions {
  /** Its base URL, perhaps with user and password. */
  readonly url: URL;
  readonly own: OwnAddress;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Bound of each request, in ms. */
  readonly timeoutMs: number;
}

/** More than any Prometheus says of itself. */
const answerBytesMax = 16 * 1024 * 1024;
/** Between two looks at its counters: what grows meanwhile is going on now. */
const betweenLooksMs = 1_500;

export async function* checkPrometheus(options: PrometheusOptions): Steps {
  const version = await ask(options, "api/v1/status/buildinfo");
  if ("problem" in version) {
    yield failed("prometheus", `${shownUrl(options.url)}: ${version.problem}`, version.todo);
    yield skipped("remote_write", "Prometheus does not answer");
    return;
  }
  yield versionStep(options, dataOf(version.text));
  const config = await ask(options, "api/v1/status/config");
  const yaml = "text" in config ? dataOf(config.text)["yaml"] : undefined;
  let urls: readonly URL[] | undefined;
  if (typeof yaml === "string") {
    const judged = await judgeRemoteWrite(yaml, options.own);
    yield* judged.steps;
    urls = judged.ours;
  } else {
    const why = "problem" in config ? config.problem : "the answer has no configuration";
    yield warning("remote_write", `unknown: ${why}`, "look at remote_write in prometheus.yml yourself");
  }
  yield* checkSending(options, urls);
  yield await retentionStep(options);
}

function versionStep({ url }: PrometheusOptions, data: Fields): Step {
  const version = typeof data["version"] === "string" ? data["version"].slice(0, 50) : "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const speaksTwo = major > 2 || (major === 2 && minor >= 54);
  const speaks = speaksTwo ? "can send remote write 1.0 and 2.0" : "sends remote write 1.0";
  if (version === "") return ok("prometheus", `${shownUrl(url)} answers, and does not say its version`);
  return ok("prometheus", `${version} at ${shownUrl(url)}, ${speaks}`);
}

async function* checkSending(options: PrometheusOptions, urls: readonly URL[] | undefined): Steps {
  const first = await ask(options, "metrics");
  if ("problem" in first) {
    yield warning("sending", `unknown: ${first.problem}`, "let this check read its /metrics");
    return;
  }
  await sleep(options.clock, betweenLooksMs);
  const second = await ask(options, "metrics");
  yield* judgeSending(first.text, "text" in second ? second.text : first.text, urls);
}

async function retentionStep(options: PrometheusOptions): Promise<Step> {
  const answer = await ask(options, "api/v1/status/runtimeinfo");
  const kept = "text" in answer ? dataOf(answer.text)["storageRetention"] : undefined;
  const own =
    typeof kept === "string" && kept !== "" ? `Prometheus itself keeps ${kept.slice(0, 50)}` : "not said";
  return ok("retention", `${own}; what it cannot send for about two hours is missing here`);
}

type Fields = Readonly<Record<string, unknown>>;

/** The `data` of an answer of its API. */
function dataOf(text: string): Fields {
  const data = parseObject(text)?.["data"];
  return isObject(data) ? data : {};
}

type Answered = { readonly text: string } | { readonly problem: string; readonly todo: string };

async function ask({ url, fetch, clock, timeoutMs }: PrometheusOptions, path: string): Promise<Answered> {
  const headers: Record<string, string> = {};
  if (url.username !== "" || url.password !== "") {
    const pair = new TextEncoder().encode(
      `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`,
    );
    headers["Authorization"] = `Basic ${btoa(String.fromCharCode(...pair))}`;
  }
  // Behind a prefix (--web.external-url) its paths are below that.
  const target = `${url.origin}${url.pathname.replace(/\/+$/, "")}/${path}`;
  try {
    return await withinDeadline(clock, timeoutMs, undefined, async (signal) => {
      const response = await fetch(target, { method: "GET", headers, redirect: "manual", signal });
      const text = await readText(response, answerBytesMax);
      if (response.status === 200) return { text };
      const todo =
        response.status === 401 || response.status === 403
          ? "put user and password into --prometheus-url: http://USER:PASSWORD@HOST:9090"
          : "give the base URL of Prometheus: what stands before /api/v1";
      return { problem: `/${path} answers ${response.status}`, todo };
    });
  } catch (error) {
    const todo = "check --prometheus-url, and that this host may reach it";
    return { problem: describeError(error), todo };
  }
}

/** Without user, password and query. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname === "/" ? "" : url.pathname}`;
}
