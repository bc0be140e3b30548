/** Who may reach the program over HTTP, and for how long its certificate holds. */
import { X509Certificate } from "node:crypto";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { TlsOptions } from "../platform.ts";
import { type Access, loadWebConfig } from "../web-config/load.ts";
import { durationText } from "./aws-access.ts";
import { failed, ok, type Step, type Steps, warning } from "./step.ts";

export interface WebAccessOptions {
  /** Where it listens; undefined: on all addresses. */
  readonly hostname: string | undefined;
  /** Undefined: plain HTTP, open to all. */
  readonly webConfigFile: string | undefined;
  readonly clock: Pick<Clock, "now">;
}

const name = "web access";
/** Time enough for somebody to renew it by hand. */
const expirySoonMs = 14 * 86_400_000;

export async function* checkWebAccess({ hostname, webConfigFile: file, clock }: WebAccessOptions): Steps {
  if (file === undefined) {
    yield openStep(hostname, "neither TLS nor authentication");
    return;
  }
  try {
    const { tls, access } = await loadWebConfig(file);
    const who = whoMay(tls, access);
    if (who.length === 0)
      yield openStep(hostname, tls === undefined ? "no authentication" : "TLS, no authentication");
    else yield knownStep(hostname, tls, who);
    if (tls !== undefined) yield certificateStep(tls.cert, clock.now());
  } catch (error) {
    yield failed(name, describeError(error), `correct ${file}, or what it names`);
  }
}

function isLocal(hostname: string | undefined): boolean {
  return hostname !== undefined && /^(?:localhost|127\.[0-9.]+|::1)$/i.test(hostname);
}

function knownStep(hostname: string | undefined, tls: TlsOptions | undefined, who: readonly string[]): Step {
  const message = `${tls === undefined ? "plain HTTP" : "TLS"}, for ${who.join(", ")}`;
  if (tls !== undefined || isLocal(hostname)) return ok(name, message);
  const todo = "add tls_server_config with cert_file and key_file, or put a proxy with TLS in front";
  return warning(name, `${message}: passwords and tokens cross the network unencrypted`, todo);
}

function openStep(hostname: string | undefined, what: string): Step {
  if (isLocal(hostname)) return ok(name, `${what}, on ${hostname} only`);
  const message = `${what}, on ${hostname ?? "all addresses"}: whoever reaches it may write`;
  return warning(
    name,
    message,
    "give --web-config-file, or --listen-addr 127.0.0.1:9501, or let a firewall see to it",
  );
}

function whoMay(tls: TlsOptions | undefined, { users, tokens }: Access): readonly string[] {
  const verified = tls?.clientAuth === "require-and-verify";
  return [
    ...(users.size > 0 ? [`${users.size} ${users.size === 1 ? "user" : "users"}`] : []),
    ...(tokens.size > 0 ? [`${tokens.size} bearer ${tokens.size === 1 ? "token" : "tokens"}`] : []),
    ...(verified ? ["clients with a certificate"] : []),
  ];
}

function certificateStep(pem: string, nowMs: number): Step {
  const step = "certificate";
  let untilMs: number;
  try {
    untilMs = Date.parse(new X509Certificate(pem).validTo);
  } catch (error) {
    return failed(step, `cannot be read: ${describeError(error)}`, "correct cert_file in the web config");
  }
  const leftMs = untilMs - nowMs;
  const at = new Date(untilMs).toISOString();
  if (leftMs <= 0)
    return failed(step, `ended ${durationText(-leftMs)} ago (${at})`, "renew it: senders refuse it");
  const message = `until ${at} (${durationText(leftMs)})`;
  return leftMs < expirySoonMs
    ? warning(step, message, "renew it: it is loaded anew when it changes")
    : ok(step, message);
}
