/**
 * Where a service listens.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html,
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
 */
import { ConfigError, withoutUserInfo } from "../errors.ts";
import type { AwsService } from "./client.ts";
import { type Env, flag, type Profile, variable } from "./shared-config.ts";

interface Partition {
  readonly region: RegExp;
  readonly suffix: string;
  /** Suffix of the endpoints that speak IPv6 as well. */
  readonly dualStackSuffix: string;
}

/** AWS' partitions, 2026-11. What matches none belongs to the first, like regions that open tomorrow. */
const partitions: readonly Partition[] = [
  { region: /^cn-/, suffix: "amazonaws.com.cn", dualStackSuffix: "api.amazonwebservices.com.cn" },
  { region: /^eusc-/, suffix: "amazonaws.eu", dualStackSuffix: "api.amazonwebservices.eu" },
  { region: /^us-iso-/, suffix: "c2s.ic.gov", dualStackSuffix: "api.aws.ic.gov" },
  { region: /^us-isob-/, suffix: "sc2s.sgov.gov", dualStackSuffix: "api.aws.scloud" },
  { region: /^eu-isoe-/, suffix: "cloud.adc-e.uk", dualStackSuffix: "api.cloud-aws.adc-e.uk" },
  { region: /^us-isof-/, suffix: "csp.hci.ic.gov", dualStackSuffix: "api.aws.hci.ic.gov" },
];
const commercial = { suffix: "amazonaws.com", dualStackSuffix: "api.aws" };

/** The URL that requests to `service` go to: configured, or AWS' own for the region. */
export function resolveEndpoint(service: AwsService, region: string, env: Env, profile: Profile): URL {
  const fips = flag(variable(env, "AWS_USE_FIPS_ENDPOINT") ?? setting(profile, "use_fips_endpoint"));
  const dualStack = flag(
    variable(env, "AWS_USE_DUALSTACK_ENDPOINT") ?? setting(profile, "use_dualstack_endpoint"),
  );
  const configured = configuredEndpoint(service, env, profile);
  if (configured === undefined) return new URL(awsEndpoint(service, region, fips, dualStack));
  if (fips || dualStack) {
    const asked = fips
      ? "a FIPS endpoint (AWS_USE_FIPS_ENDPOINT)"
      : "dual stack (AWS_USE_DUALSTACK_ENDPOINT)";
    throw new ConfigError(
      1,
      `${configured.where} names an endpoint of its own and ${asked} is asked for: keep one`,
    );
  }
  return parsed(configured.url, configured.where);
}

function configuredEndpoint(
  service: AwsService,
  env: Env,
  profile: Profile,
): { readonly url: string; readonly where: string } | undefined {
  const ignored =
    variable(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ??
    setting(profile, "ignore_configured_endpoint_urls");
  if (flag(ignored)) return undefined;
  const candidates = [
    ...[`AWS_ENDPOINT_URL_${service.toUpperCase()}`, "AWS_ENDPOINT_URL"].map((where) => ({
      where,
      url: variable(env, where),
    })),
    {
      where: `the services section of profile ${profile.name}`,
      url: profile.services[`${service}.endpoint_url`],
    },
    { where: `endpoint_url of profile ${profile.name}`, url: setting(profile, "endpoint_url") },
  ];
  for (const { url, where } of candidates) if (url) return { url, where };
  return undefined;
}

function setting(profile: Profile, name: string): string | undefined {
  return profile.inConfig?.[name] ?? profile.inCredentials?.[name];
}

function awsEndpoint(service: AwsService, region: string, fips: boolean, dualStack: boolean): string {
  const partition = partitions.find((candidate) => candidate.region.test(region)) ?? commercial;
  // In GovCloud the plain Kinesis and STS endpoints are the FIPS ones.
  const isPlain = service === "kinesis" || service === "sts";
  const plainIsFips = isPlain && region.startsWith("us-gov-") && !dualStack;
  const host = fips && !plainIsFips ? `${service}-fips` : service;
  // S3 had dual stack before there was a domain for it.
  if (service === "s3" && dualStack) return `https://${host}.dualstack.${region}.${partition.suffix}`;
  return `https://${host}.${region}.${dualStack ? partition.dualStackSuffix : partition.suffix}`;
}

function parsed(text: string, where: string): URL {
  // A query may hold a secret as well as a user may.
  const shown = JSON.stringify(withoutUserInfo(text).replace(/[?#].*/s, "…"));
  const wrong = (what: string) => new ConfigError(1, `${where} is ${shown}: ${what}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    // What it says by itself quotes the text.
    if (error instanceof TypeError) throw wrong("not a URL");
    throw error;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrong("only http and https are possible");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw wrong("only host, port and path are possible");
  }
  return url;
}
