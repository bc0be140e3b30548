import assert from "node:assert/strict";
import { test } from "node:test";
import type { AwsService } from "../../src/aws/client.ts";
import { resolveEndpoint } from "../../src/aws/endpoint.ts";
import { loadProfile } from "../../src/aws/shared-config.ts";
import { inSurroundings } from "../support/aws-surroundings.ts";

async function endpointOf(
  service: AwsService,
  region: string,
  variables: Readonly<Record<string, string>> = {},
  config = "",
): Promise<string> {
  let href = "";
  await inSurroundings({ AWS_CONFIG_FILE: "$DIR/config", ...variables }, async ({ env, write }) => {
    await write("config", config);
    href = resolveEndpoint(service, region, env, await loadProfile(env)).href;
  });
  return href;
}

const fips = { AWS_USE_FIPS_ENDPOINT: "true" };
const dual = { AWS_USE_DUALSTACK_ENDPOINT: "TRUE" };
const own: readonly [...Parameters<typeof endpointOf>, expected: string][] = [
  ["kinesis", "eu-west-1", {}, "", "https://kinesis.eu-west-1.amazonaws.com/"],
  ["firehose", "us-east-1", {}, "", "https://firehose.us-east-1.amazonaws.com/"],
  ["kinesis", "cn-north-1", {}, "", "https://kinesis.cn-north-1.amazonaws.com.cn/"],
  ["kinesis", "eusc-de-east-1", {}, "", "https://kinesis.eusc-de-east-1.amazonaws.eu/"],
  ["kinesis", "us-iso-east-1", {}, "", "https://kinesis.us-iso-east-1.c2s.ic.gov/"],
  ["kinesis", "us-isob-east-1", {}, "", "https://kinesis.us-isob-east-1.sc2s.sgov.gov/"],
  ["kinesis", "zz-new-9", {}, "", "https://kinesis.zz-new-9.amazonaws.com/"],
  ["kinesis", "us-east-1", fips, "", "https://kinesis-fips.us-east-1.amazonaws.com/"],
  ["kinesis", "us-east-1", dual, "", "https://kinesis.us-east-1.api.aws/"],
  ["firehose", "us-east-1", { ...fips, ...dual }, "", "https://firehose-fips.us-east-1.api.aws/"],
  ["kinesis", "us-gov-west-1", fips, "", "https://kinesis.us-gov-west-1.amazonaws.com/"],
  ["s3", "eu-west-1", {}, "", "https://s3.eu-west-1.amazonaws.com/"],
  ["s3", "us-east-1", dual, "", "https://s3.dualstack.us-east-1.amazonaws.com/"],
  ["s3", "us-gov-west-1", { ...fips, ...dual }, "", "https://s3-fips.dualstack.us-gov-west-1.amazonaws.com/"],
  ["s3", "cn-north-1", dual, "", "https://s3.dualstack.cn-north-1.amazonaws.com.cn/"],
  ["sts", "us-east-1", { ...fips, ...dual }, "", "https://sts-fips.us-east-1.api.aws/"],
  ["sts", "us-gov-west-1", fips, "", "https://sts.us-gov-west-1.amazonaws.com/"],
  ["firehose", "us-gov-west-1", fips, "", "https://firehose-fips.us-gov-west-1.amazonaws.com/"],
  [
    "kinesis",
    "us-east-1",
    {},
    "[default]\nuse_fips_endpoint = true",
    "https://kinesis-fips.us-east-1.amazonaws.com/",
  ],
];
for (const [service, region, variables, config, expected] of own) {
  const with_ = [...Object.keys(variables ?? {}), config?.replace("\n", " ")].filter(Boolean).join(" ");
  test(`${service} in ${region} ${with_} is at ${expected}`, async () => {
    assert.equal(await endpointOf(service, region, variables, config), expected);
  });
}

const config = [
  "[default]",
  "endpoint_url = http://profile",
  "services = local",
  "[services local]",
  "kinesis =",
  "  endpoint_url = http://services:4567/a",
].join("\n");
const forService = { AWS_ENDPOINT_URL_KINESIS: "http://kinesis-variable" };
const forAll = { AWS_ENDPOINT_URL: "http://variable:4566" };

test("the endpoint for one service wins over the one for all, and variables over the profile", async () => {
  const of = (service: "kinesis" | "firehose", variables: Record<string, string>) =>
    endpointOf(service, "eu-west-1", variables, config);
  assert.equal(await of("kinesis", { ...forService, ...forAll }), "http://kinesis-variable/");
  assert.equal(await of("firehose", { ...forService, ...forAll }), "http://variable:4566/");
  assert.equal(await of("kinesis", {}), "http://services:4567/a");
  assert.equal(await of("firehose", {}), "http://profile/");
});

test("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS leaves AWS' own endpoint", async () => {
  const ignore = { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true", ...forService, ...forAll };
  assert.equal(
    await endpointOf("kinesis", "eu-west-1", ignore, config),
    "https://kinesis.eu-west-1.amazonaws.com/",
  );
});

test("an endpoint that is no plain URL is refused, and so is one beside FIPS or dual stack", async () => {
  for (const url of ["localhost:4567", "nonsense", "ftp://a", "http://u:p@a", "http://a/?b"]) {
    await assert.rejects(endpointOf("kinesis", "eu-west-1", { AWS_ENDPOINT_URL: url }), {
      name: "ConfigError",
      exitCode: 1,
      message: /^AWS_ENDPOINT_URL is "/,
    });
  }
  await assert.rejects(endpointOf("kinesis", "eu-west-1", { ...forAll, ...fips }), /AWS_USE_FIPS_ENDPOINT/);
  await assert.rejects(
    endpointOf("kinesis", "eu-west-1", { ...forAll, ...dual }),
    /AWS_USE_DUALSTACK_ENDPOINT/,
  );
});
