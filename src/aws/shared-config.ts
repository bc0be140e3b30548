/**
 * The profile in AWS' two shared files.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */

/** Environment variables, as the runtime gave them. */
export type Env = Readonly<Record<string, string | undefined>>;
export type Section = Readonly<Record<string, string | undefined>>;

export interface Profile {
  readonly name: string;
  /** Its section in the credentials file and in the config file; undefined where it has none. */
  readonly inCredentials: Section | undefined;
  readonly inConfig: Section | undefined;
  /** The `[services …]` section it names: keys like `kinesis.endpoint_url`. */
  readonly services: Section;
  /** Where was looked, for messages. */
  readonly files: readonly [credentials: string, config: string];
}

/** A variable without the blanks around it; undefined when it is not set or empty. */
export function variable(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}

/** True for `true`, false for `false` or unset, as the AWS SDKs read their switches; case does not matter. */
export function flag(value: string | undefined): boolean {
  return value?.toLowerCase() === "true";
}

/** The files' names, for the SDK and for messages: `undefined` leaves the choice to the SDK (~/.aws). */
export function sharedFiles(env: Env): { filepath?: string; configFilepath?: string } {
  const filepath = variable(env, "AWS_SHARED_CREDENTIALS_FILE") ?? inHome(env, "credentials");
  const configFilepath = variable(env, "AWS_CONFIG_FILE") ?? inHome(env, "config");
  return {
    ...(filepath === undefined ? {} : { filepath }),
    ...(configFilepath === undefined ? {} : { configFilepath }),
  };
}

/** Reads the profile that AWS_PROFILE names, or `default`. Files that do not exist count as empty. */
export async function loadProfile(env: Env): Promise<Profile> {
  const { loadSharedConfigFiles } = await import("@smithy/core/config");
  const paths = sharedFiles(env);
  const { credentialsFile, configFile } = await loadSharedConfigFiles({ ...paths, ignoreCache: true });
  const name = variable(env, "AWS_PROFILE") ?? "default";
  const inConfig = configFile[name];
  const services = inConfig?.["services"];
  return {
    name,
    inCredentials: credentialsFile[name],
    inConfig,
    services: (services === undefined ? undefined : configFile[`services.${services}`]) ?? {},
    files: [paths.filepath ?? "~/.aws/credentials", paths.configFilepath ?? "~/.aws/config"],
  };
}

function inHome(env: Env, name: string): string | undefined {
  const home = variable(env, "HOME");
  return home === undefined ? undefined : `${home}/.aws/${name}`;
}
