import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { resolveAws } from "../../src/aws/resolve.ts";
import { systemClock } from "../../src/clock.ts";
import { ConfigError } from "../../src/errors.ts";
import { json, keptLog, neverAborted } from "../support/aws-stand-in.ts";
import { inSurroundings, type Surroundings } from "../support/aws-surroundings.ts";
import { loopbackServer } from "../support/loopback.ts";

type Answers = (keyId: string, count: number) => Response;

/** Resolves a client in `surroundings`; `keys` collects the key id and session token of each request. */
async function resolved(
  { env }: Surroundings,
  answers: Answers = () => json({}),
  region?: string,
  credentialsMayComeLater = false,
) {
  const keys: string[] = [];
  const client = await resolveAws({
    service: "kinesis",
    region,
    env,
    credentialsMayComeLater,
    clock: systemClock,
    log: keptLog().log,
    userAgent: "test",
    fetch: async (url, init) => {
      if (!url.includes("kinesis")) return await fetch(url, init);
      const headers = new Headers(init.headers);
      const keyId = /Credential=([^/]+)/.exec(headers.get("authorization") ?? "")?.[1] ?? "";
      keys.push([keyId, headers.get("x-amz-security-token") ?? ""].filter(Boolean).join(" "));
      return answers(keyId, keys.length);
    },
  });
  return { client, keys, post: () => client.post("T.T", new Uint8Array(2), neverAborted) };
}

const expired = () => json({ __type: "ExpiredTokenException" }, 400);

test("keys in the environment are used", async () => {
  const variables = { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "S", AWS_SESSION_TOKEN: "T" };
  await inSurroundings({ ...variables, AWS_REGION: "eu-west-1" }, async (surroundings) => {
    const { client, keys, post } = await resolved(surroundings);
    assert.equal((await post()).kind, "answered");
    assert.deepEqual(keys, ["A T"]);
    assert.deepEqual([client.region, client.endpoint.host], ["eu-west-1", "kinesis.eu-west-1.amazonaws.com"]);
  });
});

test("keys of a named profile are used, and read anew once the service says that they expired", async () => {
  const variables = {
    AWS_PROFILE: "work",
    AWS_ACCESS_KEY_ID: "not-this",
    AWS_SECRET_ACCESS_KEY: "x",
    AWS_SHARED_CREDENTIALS_FILE: "$DIR/keys",
    AWS_CONFIG_FILE: "$DIR/config",
  };
  await inSurroundings(variables, async (surroundings) => {
    const keysOf = (id: string) => `[work]\naws_access_key_id = ${id}\naws_secret_access_key = S\n`;
    await surroundings.write("config", "[profile work]\nregion = eu-central-1\n");
    await surroundings.write("keys", keysOf("OLD"));
    const { client, keys, post } = await resolved(surroundings, (id) =>
      id === "OLD" ? expired() : json({}),
    );
    assert.equal(client.region, "eu-central-1");
    await surroundings.write("keys", keysOf("NEW"));
    assert.equal((await post()).kind, "failed");
    assert.equal((await post()).kind, "answered");
    assert.deepEqual(keys, ["OLD", "NEW"]);
  });
});

test("a profile's credential_process is run, and run again once its credentials are refused", async () => {
  await inSurroundings({ AWS_CONFIG_FILE: "$DIR/config" }, async (surroundings) => {
    const count = join(surroundings.directory, "count");
    const script = await surroundings.write(
      "credentials.sh",
      [
        "#!/bin/sh",
        `echo x >> ${count}`,
        `n=$(wc -l < ${count} | tr -d ' ')`,
        `printf '{"Version":1,"AccessKeyId":"P%s","SecretAccessKey":"S","SessionToken":"T"}' "$n"`,
      ].join("\n"),
    );
    await surroundings.write(
      "config",
      `[default]\nregion = eu-west-1\ncredential_process = /bin/sh ${script}\n`,
    );
    const { keys, post } = await resolved(surroundings, (id) => (id === "P1" ? expired() : json({})));
    assert.equal((await post()).kind, "failed");
    assert.equal((await post()).kind, "answered");
    assert.equal((await post()).kind, "answered");
    assert.deepEqual(keys, ["P1 T", "P2 T", "P2 T"]);
  });
});

test("a container's credentials are fetched with the token of the moment, again and again", async () => {
  const seen: string[] = [];
  const agent = await loopbackServer((request, response) => {
    seen.push(request.headers["authorization"] ?? "");
    // The first ones are within the five minutes before their end.
    const leftMs = seen.length === 1 ? 60_000 : 3_600_000;
    const Expiration = new Date(Date.now() + leftMs).toISOString();
    response.setHeader("Content-Type", "application/json");
    response.end(
      JSON.stringify({ AccessKeyId: `C${seen.length}`, SecretAccessKey: "S", Token: "T", Expiration }),
    );
  });
  const variables = {
    AWS_REGION: "eu-west-1",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.url}/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "$DIR/token",
  };
  try {
    await inSurroundings(variables, async (surroundings) => {
      await surroundings.write("token", "first");
      const { keys, post } = await resolved(surroundings, (id) => (id === "C1" ? expired() : json({})));
      await surroundings.write("token", "second");
      assert.equal((await post()).kind, "failed");
      assert.equal((await post()).kind, "answered");
      assert.deepEqual(keys, ["C1 T", "C2 T"]);
      assert.deepEqual(seen, ["first", "second"]);
    });
  } finally {
    await agent.close();
  }
});

test("an instance gives region and credentials by its metadata service", async () => {
  const asked: string[] = [];
  const metadata = await loopbackServer((request, response) => {
    asked.push(`${request.method} ${request.target}`);
    if (request.method === "PUT") return response.end("TOKEN");
    if (request.headers["x-aws-ec2-metadata-token"] !== "TOKEN") return response.writeHead(401).end();
    if (request.target.endsWith("placement/region")) return response.end("eu-south-2");
    if (request.target.endsWith("security-credentials/")) return response.end("role");
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    return response.end(
      JSON.stringify({ Code: "Success", AccessKeyId: "I", SecretAccessKey: "S", Token: "T", Expiration }),
    );
  });
  const variables = { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url };
  try {
    await inSurroundings(variables, async (surroundings) => {
      const { client, keys, post } = await resolved(surroundings);
      assert.equal(client.region, "eu-south-2");
      assert.equal((await post()).kind, "answered");
      assert.deepEqual(keys, ["I T"]);
    });
  } finally {
    await metadata.close();
  }
});

test("a web identity is exchanged at STS in the region given", async () => {
  let form = "";
  const sts = await loopbackServer((request, response) => {
    form = new TextDecoder().decode(request.body);
    response.setHeader("Content-Type", "text/xml");
    response.end(
      '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
        "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>W</AccessKeyId>" +
        "<SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>" +
        "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>" +
        "</AssumeRoleWithWebIdentityResponse>",
    );
  });
  const variables = {
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/metrics",
    AWS_WEB_IDENTITY_TOKEN_FILE: "$DIR/jwt",
  };
  try {
    await inSurroundings(variables, async (surroundings) => {
      await surroundings.write("jwt", "header.payload.signature");
      const { keys, post } = await resolved(surroundings, () => json({}), "eu-west-3");
      assert.equal((await post()).kind, "answered");
      assert.deepEqual(keys, ["W T"]);
      assert.match(form, /WebIdentityToken=header.payload.signature/);
    });
  } finally {
    await sts.close();
  }
});

test("without credentials and region the error names everything tried, soon", async () => {
  const nothing = {
    AWS_EC2_METADATA_DISABLED: "false",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1",
  };
  await inSurroundings(nothing, async (surroundings) => {
    const startedMs = performance.now();
    const error = await resolved(surroundings).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 1);
    for (const named of [
      "no AWS region",
      "AWS_REGION, AWS_DEFAULT_REGION",
      "no AWS credentials",
      "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY not set",
      `profile "default": not in ${surroundings.directory}/.aws/credentials`,
      "AWS_WEB_IDENTITY_TOKEN_FILE",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
      "EC2 instance metadata",
      "To do: give --region",
    ]) {
      assert.ok(error.message.includes(named), `${named} in\n${error.message}`);
    }
    assert.doesNotMatch(error.message, /the AWS SDK:/);
    assert.ok(performance.now() - startedMs < 5_000);
  });
});

test("a credential_process that fails is named as the reason that the start failed", async () => {
  const variables = { AWS_CONFIG_FILE: "$DIR/config", AWS_REGION: "eu-west-1" };
  await inSurroundings(variables, async (surroundings) => {
    await surroundings.write("config", "[default]\ncredential_process = /bin/sh -c 'exit 3'\n");
    await assert.rejects(resolved(surroundings), (error: Error) => {
      assert.match(error.message, /the AWS SDK: Command failed: \/bin\/sh -c 'exit 3'/);
      assert.equal(error.message.match(/last error/g)?.length, 1);
      return error instanceof ConfigError;
    });
  });
});

test("a metadata service that never answers does not hold up the start for long", async () => {
  const silent = await loopbackServer(() => undefined);
  const variables = { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: silent.url };
  try {
    await inSurroundings(variables, async (surroundings) => {
      const startedMs = performance.now();
      await assert.rejects(resolved(surroundings), ConfigError);
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs < 6_000, `${tookMs} ms`);
    });
  } finally {
    await silent.close();
  }
});

test("credentials that are set up may come later: with a spool the start does not wait for them", async () => {
  const variables = { AWS_CONFIG_FILE: "$DIR/config", AWS_REGION: "eu-west-1" };
  await inSurroundings(variables, async (surroundings) => {
    const config = "[default]\ncredential_process = /bin/sh -c 'cat $DIR/keys'\n";
    await surroundings.write("config", config.replace("$DIR", surroundings.directory));
    const { keys, post } = await resolved(surroundings, () => json({}), undefined, true);
    assert.notEqual((await post()).kind, "answered");
    await surroundings.write("keys", '{"Version":1,"AccessKeyId":"LATER","SecretAccessKey":"S"}');
    assert.equal((await post()).kind, "answered");
    assert.deepEqual(keys, ["LATER"]);
  });
  await inSurroundings({ AWS_REGION: "eu-west-1" }, (surroundings) =>
    assert.rejects(resolved(surroundings, undefined, undefined, true), /no AWS credentials/),
  );
});
