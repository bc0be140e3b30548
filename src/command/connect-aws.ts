import type { AwsClient, AwsService } from "../aws/client.ts";
import type { Credentials } from "../aws/credentials.ts";
import { resolveAws } from "../aws/resolve.ts";
import { programName } from "../config/arguments.ts";
import { ConfigError } from "../errors.ts";
import type { Metrics } from "../metrics.ts";
import { version } from "../version.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * A client of `service`. Rejects with a ConfigError that says what was tried when there is no way to reach it, or when
 * --region contradicts `regionOfStream`, the region in a stream's ARN.
 */
export function connectAws(
  { config, platform, clock, log, metrics }: Surroundings,
  service: AwsService,
  regionOfStream?: string,
): Promise<AwsClient> {
  const { region = regionOfStream, putTimeoutMs: attemptTimeoutMs } = config;
  if (regionOfStream !== undefined && region !== regionOfStream) {
    const there = `the stream's ARN names ${regionOfStream}`;
    const given = config.sources.region === "environment" ? "REGION" : "--region";
    throw new ConfigError(2, `${given} ${region} is not where the stream is: ${there}; leave ${given} out`);
  }
  const userAgent = `${programName}/${version} (${platform.name})`;
  const { env } = platform;
  // Lines are safe in the spool while a credentials service is away.
  const credentialsMayComeLater = config.spoolDirectory !== undefined;
  return resolveAws({
    ...{ service, region, env, fetch, clock, log, userAgent, attemptTimeoutMs, credentialsMayComeLater },
    onCredentials: (loaded) => countCredentials(metrics, loaded),
  });
}

function countCredentials(metrics: Metrics, loaded: Credentials | undefined): void {
  metrics.credentialsLoads.inc({ outcome: loaded === undefined ? "failed" : "loaded" });
  if (loaded !== undefined) metrics.credentialsExpiry.set((loaded.expirationMs ?? 0) / 1000);
}
