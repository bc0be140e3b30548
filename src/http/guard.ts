import type { MiddlewareHandler } from "hono";
import type { Clock } from "../clock.ts";
import { OverloadedError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { GuardMetrics } from "../metrics.ts";
import type { Peer } from "../platform.ts";
import type { Access } from "../web-config/load.ts";
import { Authenticator } from "./auth.ts";
import { type VerifyBcrypt, verifyBcryptHere } from "./auth-bcrypt.ts";
import { Bucket, ClientLimits } from "./client-limits.ts";

export interface GuardOptions {
  /** What holds now, from the web config; undefined: there is none. */
  readonly access: () => Access | undefined;
  readonly clientRequestsMax: number | undefined;
  readonly clientRequestsPerSecondMax: number | undefined;
  /** The runtime's own, where it has one. */
  readonly verifyBcrypt: VerifyBcrypt | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: GuardMetrics;
}

export type Guard = MiddlewareHandler<{ Bindings: Peer }>;

const realm = "prometheus-remote-kinesis";
/** Asked over and over by what looks after the process: `check --health`, probes, load balancers. */
const healthPaths: ReadonlySet<string> = new Set(["/-/healthy", "/-/ready"]);

/**
 * Stands before all routes: who is asking, may they, and not too often. Undefined where nothing is to be guarded, so
 * that it costs nothing.
 */
export function createGuard(options: GuardOptions): Guard | undefined {
  const { access: accessNow, clientRequestsMax, clientRequestsPerSecondMax, clock } = options;
  const isLimited = clientRequestsMax !== undefined || clientRequestsPerSecondMax !== undefined;
  if (accessNow() === undefined && !isLimited) return undefined;
  const check = createCheck(options);
  const limits = new ClientLimits({
    inFlightMax: clientRequestsMax,
    perSecondMax: clientRequestsPerSecondMax,
    clock,
    metrics: options.metrics,
  });
  return async (c, next) => {
    const { address } = c.env;
    const access = accessNow();
    let leave: (() => void) | undefined;
    try {
      const authorization = c.req.header("authorization") ?? null;
      const client = await check(access, c.req.path, authorization, address);
      if (client instanceof Response) c.res = client;
      else {
        if (isLimited && c.req.method === "POST") leave = limits.enter(client);
        await next();
      }
    } catch (error) {
      if (!(error instanceof OverloadedError)) throw error;
      options.log.warn("cannot take a request now", { status: 503, peer: address, reason: error.message });
      c.res = overloaded(error);
    } finally {
      leave?.();
    }
    for (const [header, value] of access?.headers ?? []) c.res.headers.set(header, value);
  };
}

/** Answers who is asking: a name of the web config, or an address; or the answer to who may not. */
function createCheck({ clock, verifyBcrypt, log, metrics }: GuardOptions) {
  const authenticator = new Authenticator({ clock, verifyBcrypt: verifyBcrypt ?? verifyBcryptHere });
  let limit: { readonly of: Access; readonly bucket: Bucket } | undefined;
  return async (
    access: Access | undefined,
    path: string,
    authorization: string | null,
    address: string | undefined,
  ): Promise<string | Response> => {
    const anyone = `address ${address ?? "unknown"}`;
    if (access === undefined || access.openPaths.has(path)) return anyone;
    const { rateLimit } = access;
    if (rateLimit !== undefined) {
      if (limit?.of !== access) {
        const bucket = new Bucket(rateLimit.intervalMs, rateLimit.burst, clock.monotonicMs());
        limit = { of: access, bucket };
      }
      const waitMs = limit.bucket.take(clock.monotonicMs());
      if (waitMs > 0) {
        metrics.limited.inc({ limit: "web_config" });
        throw new OverloadedError("More requests than rate_limit of the web config allows", waitMs);
      }
    }
    if (access.users.size + access.tokens.size === 0) return anyone;
    const identity = await authenticator.identify(authorization, access, address);
    if (identity.client !== undefined) return `user ${identity.client}`;
    // To it the answer 401 says enough, and nobody's samples were turned away.
    if (identity.reason === "missing" && healthPaths.has(path)) return unauthorized(access, identity.reason);
    metrics.unauthorized.inc({ reason: identity.reason });
    // What was typed for a name may be a password.
    log.warn(`refused a request: ${identity.reason} credentials`, { status: 401, peer: address });
    return unauthorized(access, identity.reason);
  };
}

function unauthorized({ users, tokens }: Access, reason: "missing" | "wrong"): Response {
  const headers = new Headers({ "Content-Type": "text/plain; charset=utf-8" });
  if (users.size > 0) headers.append("WWW-Authenticate", `Basic realm="${realm}", charset="UTF-8"`);
  if (tokens.size > 0) headers.append("WWW-Authenticate", `Bearer realm="${realm}"`);
  const text = `Unauthorized: ${reason} credentials; this server has a web config with users or tokens\n`;
  return new Response(text, { status: 401, headers });
}

function overloaded({ message, retryAfterMs }: OverloadedError): Response {
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "Retry-After": String(Math.ceil(retryAfterMs / 1_000)),
  };
  return new Response(`${message}\n`, { status: 503, headers });
}
