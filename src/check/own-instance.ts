/** Asks the instance that runs on this host, at its own address, how it is. */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { describeError } from "../errors.ts";
import { ok, type Step, skipped, warning } from "./step.ts";

export interface OwnInstanceOptions {
  /** Where it listens; undefined: on all addresses. */
  readonly hostname: string | undefined;
  readonly port: number;
  /** Whether it is known to listen with TLS; without that both are tried. */
  readonly tls: boolean;
  /** Bound of all, in ms. */
  readonly timeoutMs: number;
}

export type OwnAnswer =
  | { readonly status: number; readonly text: string; readonly url: string }
  | { readonly problem: string; readonly url: string; readonly refused: boolean };

const textCharsMax = 1_000;
/** Nobody listens: the other protocol will not do better. */
const refusedCodes = new Set(["ECONNREFUSED", "ConnectionRefused", "EADDRNOTAVAIL", "ENOTFOUND"]);
/** What the connection ends with when the other side closes it before it has answered. */
const hangUpCodes = new Set(["ECONNRESET", "EPIPE"]);
/** As the TLS libraries of the runtimes say it, for TLS 1.3 and 1.2. */
const certificateWanted = /certificate.?required|alert.*(?:bad.?certificate|handshake.?failure)|fatal alert/i;

/** What it answers at `path`, with or without TLS. Its certificate is not verified: nothing secret is sent. */
export async function askOwnInstance(options: OwnInstanceOptions, path: string): Promise<OwnAnswer> {
  const untilMs = performance.now() + options.timeoutMs;
  const [first, second] = options.tls ? [true, false] : [false, true];
  const answer = await ask(options, path, first, untilMs);
  // A server of the other kind does not answer in HTTP, or answers 400 to what it cannot read.
  const isOtherKind = "problem" in answer ? !answer.refused : answer.status === 400;
  if (!isOtherKind || performance.now() >= untilMs) return answer;
  const other = await ask(options, path, second, untilMs);
  return "problem" in other ? answer : other;
}

/** Whether the instance is healthy, for Docker's HEALTHCHECK: exit code and one line that says why. */
export async function checkHealth(
  options: OwnInstanceOptions,
): Promise<{ readonly healthy: boolean; readonly message: string }> {
  if (options.port === 0)
    return { healthy: false, message: "--listen-addr names port 0, any free one: it cannot be asked there" };
  const answer = await askOwnInstance(options, "/-/healthy");
  if ("problem" in answer) return { healthy: false, message: `${answer.url}: ${answer.problem}` };
  const { status, url } = answer;
  // Who asks for a password is there and answers.
  const healthy = status === 200 || status === 401 || status === 403;
  if (!healthy) return { healthy, message: `${url} answers ${status}: ${answer.text}` };
  return { healthy, message: status === 200 ? `${url} answers 200` : `${url} answers, and asks who we are` };
}

/** The step of a whole check: an instance need not run. */
export async function instanceStep(options: OwnInstanceOptions): Promise<Step> {
  const name = "instance";
  if (options.port === 0) return skipped(name, "--listen-addr names port 0: it cannot be asked there");
  const answer = await askOwnInstance(options, "/-/ready");
  if ("problem" in answer) {
    if (answer.refused) return skipped(name, `none runs at ${answer.url}`);
    return warning(name, `${answer.url}: ${answer.problem}`, "something else may listen there: look at it");
  }
  if (answer.status === 200) return ok(name, `runs and is ready at ${answer.url}`);
  if (answer.status === 401 || answer.status === 403)
    return ok(name, `runs at ${answer.url}, which asks who we are`);
  if (answer.status === 503)
    return warning(
      name,
      `runs at ${answer.url} and is not ready: ${answer.text}`,
      "see its log, and what follows",
    );
  return warning(name, `${answer.url} answers ${answer.status}`, "something else listens there: stop it");
}

function ask(
  { hostname, port }: OwnInstanceOptions,
  path: string,
  tls: boolean,
  untilMs: number,
): Promise<OwnAnswer> {
  const host = loopbackOf(hostname);
  const shown = host.includes(":") ? `[${host}]` : host;
  const url = `${tls ? "https" : "http"}://${shown}:${port}${path}`;
  return new Promise((resolve) => {
    const timeout = Math.max(1, untilMs - performance.now());
    const fail = (error: unknown) => {
      clearTimeout(timer);
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      // It has shaken hands and hung up, on purpose: it would like to see a certificate.
      const hungUp = shaken && hangUpCodes.has(code);
      if (tls && (hungUp || certificateWanted.test(describeError(error))))
        return resolve({ status: 401, text: "", url });
      resolve({
        problem: code === "" ? describeError(error) : codeText(code, error),
        url,
        refused: refusedCodes.has(code),
      });
    };
    const given = { host, port, path, agent: false, headers: { Connection: "close" } };
    const request = tls ? requestHttps({ ...given, rejectUnauthorized: false }) : requestHttp(given);
    let shaken = false;
    request.on("socket", (socket) => {
      socket.on("secureConnect", () => {
        shaken = true;
      });
    });
    const timer = setTimeout(() => {
      request.destroy();
      fail(new Error(`no answer within ${Math.round(timeout)} ms`));
    }, timeout);
    request.on("error", fail);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("error", fail);
      response.on("data", (chunk: string) => {
        text = (text + chunk).slice(0, textCharsMax);
      });
      response.on("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: text.trim(), url });
      });
    });
    request.end();
  });
}

function codeText(code: string, error: unknown): string {
  if (refusedCodes.has(code)) return `nobody listens there (${code})`;
  return describeError(error);
}

/** What reaches a server that listens on `hostname`, from its own host. */
function loopbackOf(hostname: string | undefined): string {
  if (hostname === undefined || hostname === "0.0.0.0") return "127.0.0.1";
  return hostname === "::" ? "::1" : hostname;
}
