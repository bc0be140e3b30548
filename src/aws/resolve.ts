/** From surroundings to a client: profile, region, endpoint, credentials. Fails before anything listens. */
import type { Clock } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type AwsClient, type AwsService, createAwsClient, type Fetch } from "./client.ts";
import { createChain, explainChain, isSetUp } from "./credential-chain.ts";
import { type Credentials, createCredentialsSource } from "./credentials.ts";
import { withinDeadline } from "./deadline.ts";
import { resolveEndpoint } from "./endpoint.ts";
import { resolveRegion } from "./region.ts";
import { type Env, loadProfile } from "./shared-config.ts";

export interface ResolveAwsOptions {
  readonly service: AwsService;
  /** From the command line or the stream's ARN; undefined: look for it. */
  readonly region: string | undefined;
  readonly env: Env;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly userAgent: string;
  /** Bound of one attempt, in ms; 10 s when it is left out. */
  readonly attemptTimeoutMs?: number;
  /** Credentials that are set up and cannot be loaded now are no reason to fail: each call tries again. */
  readonly credentialsMayComeLater?: boolean;
  /** Told of every load of credentials; undefined: it brought none. */
  readonly onCredentials?: (loaded: Credentials | undefined) => void;
}

/** With the second that the region may take, the answer at start is there within 5 s. */
const firstCredentialsTimeoutMs = 3_500;

/**
 * A client whose credentials have been loaded once. Rejects with a ConfigError that names everything tried
 * when there is no region or no credentials; whether AWS accepts them shows with the first call.
 */
export async function resolveAws(options: ResolveAwsOptions): Promise<AwsClient> {
  const { service, env, fetch, clock, log, userAgent, attemptTimeoutMs } = options;
  const profile = await loadProfile(env);
  const found = await resolveRegion({ region: options.region, env, profile, fetch, clock });
  const region = "region" in found ? found.region : undefined;
  const load = createChain({ env, region, log });
  const { onCredentials: onLoad } = options;
  const credentials = createCredentialsSource({ load, clock, log, ...(onLoad && { onLoad }) });
  const problems: string[] = [];
  if ("tried" in found)
    problems.push(problem("no AWS region", found.tried, "give --region or set AWS_REGION"));
  let cause: unknown;
  try {
    await withinDeadline(clock, firstCredentialsTimeoutMs, undefined, () => credentials.get());
  } catch (error) {
    cause = error;
    const remedy =
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this host a role";
    const tried = explainChain(env, profile, error);
    if (options.credentialsMayComeLater && isSetUp(env, profile)) {
      log.warn("no AWS credentials yet; nothing is shipped before there are", {
        tried: tried.join("; "),
        remedy,
      });
    } else problems.push(problem("no AWS credentials", tried, remedy));
  }
  if (region === undefined || problems.length > 0) throw new ConfigError(1, problems.join("\n"), { cause });
  const endpoint = resolveEndpoint(service, region, env, profile);
  const timeout = attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs };
  return createAwsClient({
    service,
    region,
    endpoint,
    credentials,
    fetch,
    clock,
    log,
    userAgent,
    ...timeout,
  });
}

function problem(what: string, tried: readonly string[], remedy: string): string {
  return [`${what}. Tried:`, ...tried.map((line) => `  ${line}`), `To do: ${remedy}`].join("\n");
}
