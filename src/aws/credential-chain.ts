/**
 * Finds credentials where every AWS program looks for them. The chain is AWS' own; it comes in when it is
 * needed, because it takes longer to load than the rest of the program.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Credentials } from "./credentials.ts";
import { mayAskInstance } from "./instance-metadata.ts";
import { type Env, type Profile, sharedFiles, variable } from "./shared-config.ts";

export interface ChainOptions {
  readonly env: Env;
  /** For calls to STS; undefined leaves it to the chain. */
  readonly region: string | undefined;
  readonly log: Log;
}

/** No link of the chain had credentials. `reasons`: what each of them said, for those who start the program. */
class ChainError extends Error {
  override readonly name = "ChainError";
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[], cause: unknown) {
    super(describeError(cause), { cause });
    this.reasons = reasons;
  }
}

/** A loader that goes through the whole chain each time it is called; the files are read anew. */
export function createChain(options: ChainOptions): () => Promise<Credentials> {
  let provider: ((options: { forceRefresh: true }) => Promise<SdkCredentials>) | undefined;
  const reasons = new Set<string>();
  return async () => {
    const fromVariables = credentialsInVariables(options.env);
    if (fromVariables !== undefined) return fromVariables;
    provider ??= await sdkChain(options, reasons);
    reasons.clear();
    const loaded = await provider({ forceRefresh: true }).catch((error: unknown) => {
      throw new ChainError([...reasons], error);
    });
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = loaded;
    const expirationMs = expiration === undefined ? undefined : finite(expiration.getTime());
    return { accessKeyId, secretAccessKey, sessionToken, expirationMs, source: sourceOf(loaded) };
  };
}

interface SdkCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
  /** The features of the SDK that they came by, for its User-Agent. */
  readonly $source?: Readonly<Record<string, unknown>> | undefined;
}

/** The most telling feature goes first: a role of a profile may stand on other credentials. */
const sources: readonly (readonly [RegExp, string])[] = [
  [/STS_WEB_ID_TOKEN/, "a web identity token (AWS_WEB_IDENTITY_TOKEN_FILE)"],
  [/SSO/, "AWS IAM Identity Center (aws sso login)"],
  [/LOGIN/, "aws login"],
  [/PROCESS/, "credential_process of a profile"],
  [/STS_ASSUME_ROLE/, "a role assumed by a profile"],
  [/HTTP/, "the container's credentials endpoint"],
  [/PROFILE/, "a profile of the shared AWS files"],
  [/ENV_VARS/, "AWS_ACCESS_KEY_ID in the environment"],
];

function sourceOf({ $source = {} }: SdkCredentials): string {
  const features = Object.keys($source).join(" ");
  // The instance's are the only ones that the SDK does not mark.
  return sources.find(([pattern]) => pattern.test(features))?.[1] ?? "EC2 instance metadata";
}

/** The first link, without the SDK. A profile that is asked for by name goes before it, as in the SDK. */
function credentialsInVariables(env: Env): Credentials | undefined {
  const accessKeyId = variable(env, "AWS_ACCESS_KEY_ID");
  const secretAccessKey = variable(env, "AWS_SECRET_ACCESS_KEY");
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  if (variable(env, "AWS_PROFILE") !== undefined) return undefined;
  const sessionToken = variable(env, "AWS_SESSION_TOKEN");
  const expirationMs = finite(Date.parse(variable(env, "AWS_CREDENTIAL_EXPIRATION") ?? ""));
  const source = "AWS_ACCESS_KEY_ID in the environment";
  return { accessKeyId, secretAccessKey, sessionToken, expirationMs, source };
}

/** Why a link passed on to the next one: the SDK tells it to its logger only, the last error hides it. */
const passedOn = /^@smithy\/property-provider -> (.+)$/;

async function sdkChain({ env, region, log }: ChainOptions, reasons: Set<string>) {
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  const given = <K extends string>(key: K, name: string) => {
    const value = variable(env, name);
    return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
  };
  const say =
    (level: "debug" | "warn") =>
    (...parts: readonly unknown[]) => {
      const said = parts.map(String).join(" ").replace(/\s+/g, " ").trim();
      const reason = passedOn.exec(said)?.[1];
      if (reason !== undefined) reasons.add(reason.slice(0, 500));
      log[level]("aws credentials chain", { said });
    };
  return defaultProvider({
    ...sharedFiles(env),
    ...given("profile", "AWS_PROFILE"),
    ...given("webIdentityTokenFile", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    ...given("roleArn", "AWS_ROLE_ARN"),
    ...given("roleSessionName", "AWS_ROLE_SESSION_NAME"),
    ...given("awsContainerCredentialsRelativeUri", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    ...given("awsContainerCredentialsFullUri", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ...given("awsContainerAuthorizationToken", "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    ...given("awsContainerAuthorizationTokenFile", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    ...(region === undefined ? {} : { parentClientConfig: { region } }),
    // A file that another program renews is to be read again.
    ignoreCache: true,
    logger: { debug: say("debug"), info: say("debug"), warn: say("warn"), error: say("warn") },
  });
}

const webIdentity = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"] as const;
const container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"] as const;

/** Whether someone has said where credentials come from, other than this host's role. */
export function isSetUp(env: Env, profile: Profile): boolean {
  const set = (name: string) => variable(env, name) !== undefined;
  return filesOf(profile).length > 0 || webIdentity.every(set) || container.some(set);
}

/** The files that name the profile. */
function filesOf(profile: Profile): readonly string[] {
  const { inCredentials, inConfig, files } = profile;
  return files.filter((_, index) => (index === 0 ? inCredentials : inConfig) !== undefined);
}

/** What was tried and why it gave nothing, one line each. */
export function explainChain(env: Env, profile: Profile, error: unknown): readonly string[] {
  const set = (name: string) => variable(env, name) !== undefined;
  const unset = (...names: readonly string[]) => names.filter((name) => !set(name));
  const keys = unset("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
  const web = unset(...webIdentity);
  const found = filesOf(profile);
  const inFiles =
    found.length > 0 ? `in ${found.join(" and ")}, gave none` : `not in ${profile.files.join(" or ")}`;
  const noKeys = keys.length > 0 ? `${keys.join(", ")} not set` : "set, but AWS_PROFILE goes before them";
  const inContainer = container.filter(set);
  // Where nothing is set up there is nothing to explain.
  const reasons = isSetUp(env, profile) && error instanceof ChainError ? error.reasons : [];
  return [
    `environment: ${noKeys}`,
    `profile "${profile.name}": ${inFiles}`,
    `web identity: ${web.length > 0 ? `${web.join(", ")} not set` : "gave none"}`,
    `container: ${inContainer.length > 0 ? `${inContainer} gave none` : `${container.join(", ")} not set`}`,
    `EC2 instance metadata: ${instanceOutcome(env, inContainer.length > 0)}`,
    ...reasons.map((reason) => `the AWS SDK: ${reason}`),
    `last error: ${describeError(error).replace(/\s+/g, " ")} (--log-level debug shows every step)`,
  ];
}

function instanceOutcome(env: Env, inContainer: boolean): string {
  if (inContainer) return "not asked, the container goes before it";
  return mayAskInstance(env) ? "no answer with credentials" : "AWS_EC2_METADATA_DISABLED is set";
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined;
}
