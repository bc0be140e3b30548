/** Where the streams are. https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html */
import type { Clock } from "../clock.ts";
import { ConfigError, describeError } from "../errors.ts";
import type { Fetch } from "./client.ts";
import { instanceMetadataUrl, instanceRegion, mayAskInstance } from "./instance-metadata.ts";
import { type Env, type Profile, variable } from "./shared-config.ts";

export interface RegionOptions {
  /** From the command line or a stream's ARN. */
  readonly region: string | undefined;
  readonly env: Env;
  readonly profile: Profile;
  readonly fetch: Fetch;
  readonly clock: Pick<Clock, "after">;
}

/** The first region named: given, AWS_REGION, AWS_DEFAULT_REGION, profile, instance; else what was tried. */
export async function resolveRegion(
  options: RegionOptions,
): Promise<{ readonly region: string } | { readonly tried: readonly string[] }> {
  const { region: given, env, profile, fetch, clock } = options;
  if (given !== undefined && given !== "") return { region: checked(given, "the region given", 2) };
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION"]) {
    const value = variable(env, name);
    if (value !== undefined) return { region: checked(value, name, 1) };
  }
  // Both files may name it; the credentials file is preferred, as in the AWS SDK.
  const inFiles = profile.inCredentials?.["region"] ?? profile.inConfig?.["region"];
  if (inFiles) return { region: checked(inFiles, `region of profile ${profile.name}`, 1) };
  const tried = [
    "--region: not given",
    "AWS_REGION, AWS_DEFAULT_REGION: not set",
    `region of profile "${profile.name}": not in ${profile.files.join(" or ")}`,
  ];
  if (!mayAskInstance(env))
    return { tried: [...tried, "EC2 instance metadata: AWS_EC2_METADATA_DISABLED is set"] };
  const instance = await instanceRegion(env, fetch, clock);
  if ("region" in instance) return { region: checked(instance.region, "the instance's region", 1) };
  const why = describeError(instance.error);
  return { tried: [...tried, `EC2 instance metadata at ${instanceMetadataUrl(env)}: ${why}`] };
}

/** A region becomes part of a host name and of a signature: nothing but a host label will do. */
function checked(region: string, where: string, exitCode: 1 | 2): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(region)) return region;
  throw new ConfigError(
    exitCode,
    `${where} is ${JSON.stringify(region)}, which cannot be the name of an AWS region`,
  );
}
