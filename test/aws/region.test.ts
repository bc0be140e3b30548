import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveRegion } from "../../src/aws/region.ts";
import { loadProfile } from "../../src/aws/shared-config.ts";
import { ConfigError } from "../../src/errors.ts";
import { manualClock } from "../support/aws-stand-in.ts";
import { inSurroundings } from "../support/aws-surroundings.ts";

const files = { AWS_CONFIG_FILE: "$DIR/config", AWS_SHARED_CREDENTIALS_FILE: "$DIR/credentials" };
const noFetch = () => Promise.reject(new TypeError("no network here"));

async function regionOf(
  variables: Readonly<Record<string, string>>,
  texts: { readonly config?: string; readonly credentials?: string } = {},
  given?: string,
  fetch: (url: string, init: RequestInit) => Promise<Response> = noFetch,
) {
  let result: Awaited<ReturnType<typeof resolveRegion>> | undefined;
  await inSurroundings({ ...files, ...variables }, async ({ env, write }) => {
    if (texts.config !== undefined) await write("config", texts.config);
    if (texts.credentials !== undefined) await write("credentials", texts.credentials);
    const profile = await loadProfile(env);
    result = await resolveRegion({ region: given, env, profile, fetch, clock: manualClock() });
  });
  return result;
}

const everywhere = {
  config: "[default]\nregion = from-config\n[profile other]\nregion = other-config\n",
  credentials: "[default]\nregion = from-credentials\n",
};

test("the region given wins over AWS_REGION, that over AWS_DEFAULT_REGION, that over the files", async () => {
  const both = { AWS_REGION: "first-1", AWS_DEFAULT_REGION: "second-2" };
  assert.deepEqual(await regionOf(both, everywhere, "given-0"), { region: "given-0" });
  assert.deepEqual(await regionOf(both, everywhere), { region: "first-1" });
  assert.deepEqual(await regionOf({ AWS_DEFAULT_REGION: "second-2" }, everywhere), { region: "second-2" });
  assert.deepEqual(await regionOf({ AWS_REGION: " " }, everywhere), { region: "from-credentials" });
});

test("the profile's region comes from the credentials file before the config file", async () => {
  assert.deepEqual(await regionOf({}, everywhere), { region: "from-credentials" });
  assert.deepEqual(await regionOf({}, { config: everywhere.config }), { region: "from-config" });
  assert.deepEqual(await regionOf({ AWS_PROFILE: "other" }, everywhere), { region: "other-config" });
});

test("without any region the instance is asked, with a session token", async () => {
  const asked: string[] = [];
  const fetch = (url: string, init: RequestInit) => {
    asked.push(`${init.method} ${url} ${new Headers(init.headers).get("x-aws-ec2-metadata-token")}`);
    return Promise.resolve(new Response(url.endsWith("token") ? "T" : "eu-north-1\n"));
  };
  assert.deepEqual(await regionOf({ AWS_EC2_METADATA_DISABLED: "false" }, {}, undefined, fetch), {
    region: "eu-north-1",
  });
  assert.deepEqual(asked, [
    "PUT http://169.254.169.254/latest/api/token null",
    "GET http://169.254.169.254/latest/meta-data/placement/region T",
  ]);
});

test("an instance that refuses or is not allowed to be asked gives the list of what was tried", async () => {
  const refused = await regionOf({ AWS_EC2_METADATA_DISABLED: "false" });
  assert.ok(refused !== undefined && "tried" in refused);
  assert.match(
    refused.tried.join("\n"),
    /AWS_REGION[\s\S]*profile "default": not in .*credentials or .*config/,
  );
  assert.match(refused.tried.join("\n"), /169\.254\.169\.254: no network here/);
  const forbidden = await regionOf({});
  assert.ok(forbidden !== undefined && "tried" in forbidden);
  assert.match(forbidden.tried.join("\n"), /AWS_EC2_METADATA_DISABLED is set/);
});

test("a region that is no host label is refused wherever it comes from", async () => {
  for (const region of ["eu west 1", "evil.example/", "EU-WEST-1", "-a"]) {
    await assert.rejects(regionOf({ AWS_REGION: region }), ConfigError);
    await assert.rejects(regionOf({}, {}, region), { name: "ConfigError", exitCode: 2 });
  }
});
