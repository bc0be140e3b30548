/** Region, credentials and whose they are: what every call to AWS needs. */
import type { AwsClient, AwsService, Fetch } from "../aws/client.ts";
import { createAwsClient } from "../aws/client.ts";
import { containerComplaint } from "../aws/container-answer.ts";
import { createChain, explainChain } from "../aws/credential-chain.ts";
import { type Credentials, type CredentialsSource, createCredentialsSource } from "../aws/credentials.ts";
import { withinDeadline } from "../aws/deadline.ts";
import { resolveEndpoint } from "../aws/endpoint.ts";
import { getCallerIdentity } from "../aws/identity.ts";
import { resolveRegion } from "../aws/region.ts";
import { type Env, loadProfile, type Profile, variable } from "../aws/shared-config.ts";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { partsOf } from "./aws-answer.ts";
import { withSecondTry } from "./second-try.ts";
import { failed, ok, type Step, type Steps, warning } from "./step.ts";

export interface AwsAccessOptions {
  readonly env: Env;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly userAgent: string;
  /** From the command line, and how it was given. */
  readonly region: { readonly value: string; readonly shown: string } | undefined;
  /** From the stream's ARN. */
  readonly regionOfStream: string | undefined;
  /** Bound of each call, in ms. */
  readonly callTimeoutMs: number;
}

export interface AwsAccess {
  readonly region: string;
  readonly env: Env;
  readonly profile: Profile;
  /** Throws a ConfigError where the endpoint that is configured is none. */
  clientOf(service: AwsService): AwsClient;
}

/** Without them the chain would wait for services that are not there. */
const credentialsTimeoutMs = 6_000;
/** Beyond this the program renews them anyway; what cannot be renewed is about to end. */
const expirySoonMs = 15 * 60_000;

/** Finds region and credentials. Returns undefined where AWS cannot be called without what is missing. */
export async function* checkAwsAccess(options: AwsAccessOptions): Steps<AwsAccess | undefined> {
  let profile: Profile;
  try {
    profile = await loadProfile(options.env);
  } catch (error) {
    const todo = "correct or remove the file (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE)";
    yield failed("credentials", `cannot read the shared AWS files: ${describeError(error)}`, todo);
    return undefined;
  }
  const region = yield* checkRegion(options, profile);
  const credentials = yield* checkCredentials(options, profile, region);
  if (region === undefined || credentials === undefined) return undefined;
  const { env, fetch, clock, log, userAgent, callTimeoutMs: attemptTimeoutMs } = options;
  const clientOf = (service: AwsService) =>
    withSecondTry(
      createAwsClient({
        ...{ service, region, credentials, fetch, clock, log, userAgent, attemptTimeoutMs },
        endpoint: resolveEndpoint(service, region, env, profile),
      }),
    );
  yield await checkIdentity(clientOf);
  return { region, env, profile, clientOf };
}

async function* checkRegion(
  { region: given, regionOfStream, env, fetch, clock }: AwsAccessOptions,
  profile: Profile,
): Steps<string | undefined> {
  const toGive = "give --region or set AWS_REGION";
  if (given !== undefined && regionOfStream !== undefined && given.value !== regionOfStream) {
    const message = `${given.shown} is not where the stream is: its ARN names ${regionOfStream}`;
    yield failed("region", message, "leave the region out, or correct the ARN");
    return undefined;
  }
  try {
    const region = given?.value ?? regionOfStream;
    const found = await resolveRegion({ region, env, profile, fetch, clock });
    if ("tried" in found) {
      yield failed("region", ["no AWS region. Tried:", ...found.tried].join("\n"), toGive);
      return undefined;
    }
    const variables = ["AWS_REGION", "AWS_DEFAULT_REGION"].filter(
      (name) => variable(env, name) !== undefined,
    );
    const inProfile = profile.inCredentials?.["region"] ?? profile.inConfig?.["region"];
    const from =
      given?.shown ??
      (regionOfStream === undefined ? variables[0] : "the stream's ARN") ??
      (inProfile ? `profile "${profile.name}"` : "EC2 instance metadata");
    yield ok("region", `${found.region}, from ${from}`);
    return found.region;
  } catch (error) {
    yield failed("region", describeError(error), toGive);
    return undefined;
  }
}

async function* checkCredentials(
  { env, fetch, clock, log }: AwsAccessOptions,
  profile: Profile,
  region: string | undefined,
): Steps<CredentialsSource | undefined> {
  const source = createCredentialsSource({ load: createChain({ env, region, log }), clock, log });
  try {
    const loaded = await withinDeadline(clock, credentialsTimeoutMs, undefined, () => source.get());
    yield credentialsStep(loaded, clock.now());
    return source;
  } catch (error) {
    const complaint = await containerComplaint(env, fetch, clock);
    const tried = explainChain(env, profile, error).map((line) =>
      complaint !== undefined && line.startsWith("container: ") ? `${line}: ${complaint}` : line,
    );
    const message = ["no AWS credentials. Tried:", ...tried].join("\n");
    const todo =
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this host or container a role";
    yield failed("credentials", message, todo);
    return undefined;
  }
}

function credentialsStep({ source = "", accessKeyId, expirationMs }: Credentials, nowMs: number): Step {
  // Four characters tell keys apart; whole ones have no business in a report that is sent around.
  const what = `from ${source || "the AWS chain"}, access key …${accessKeyId.slice(-4)}`;
  const isFixed = source.includes("in the environment");
  if (expirationMs === undefined) {
    if (isFixed && accessKeyId.startsWith("ASIA")) {
      const todo =
        "keys that begin with ASIA end after some hours: use a role or a profile for what is to run on";
      return warning("credentials", `${what}, temporary, and nothing renews them`, todo);
    }
    return ok("credentials", `${what}, without an end`);
  }
  const at = new Date(expirationMs).toISOString();
  const leftMs = expirationMs - nowMs;
  if (leftMs <= 0) {
    const message = `${what}, expired ${durationText(-leftMs)} ago (${at})`;
    return failed(
      "credentials",
      message,
      "put valid ones where these come from, and look at this host's clock",
    );
  }
  const message = `${what}, until ${at} (${durationText(leftMs)})`;
  if (isFixed || leftMs < expirySoonMs) {
    const why = isFixed ? "those of the environment are not renewed" : "they are to be renewed before that";
    return warning("credentials", message, `${why}: see to it that there are new ones in time`);
  }
  return ok("credentials", `${message}; renewed before that`);
}

/** `42 s`, `59 min`, `11 h`, `30 days`. */
export function durationText(ms: number): string {
  const units = [
    [86_400_000, "days"],
    [3_600_000, "h"],
    [60_000, "min"],
  ] as const;
  const [unitMs, unit] = units.find(([each]) => ms >= 2 * each) ?? [1_000, "s"];
  return `${Math.round(ms / unitMs)} ${unit}`;
}

async function checkIdentity(clientOf: AwsAccess["clientOf"]): Promise<Step> {
  const name = "identity";
  try {
    const client = clientOf("sts");
    const answer = await getCallerIdentity(client, new AbortController().signal);
    if (answer.kind === "answered") return ok(name, `${answer.value.arn} (account ${answer.value.account})`);
    const { failure, verdict } = answer;
    const message = `STS at ${client.endpoint.host} says: ${partsOf(verdict.message).said}`;
    // The keys are wrong; or STS is out of reach, which is no fault where only the sink's endpoint is open.
    const isAboutKeys = failure.status !== undefined && verdict.recovery === "refresh-credentials";
    if (isAboutKeys)
      return failed(
        name,
        message,
        "put valid keys where these come from; check key, secret and session token",
      );
    return warning(name, message, "only this check asks STS: let it through, or go by the steps that follow");
  } catch (error) {
    return failed(name, describeError(error), "correct the endpoint (AWS_ENDPOINT_URL and its variants)");
  }
}
