import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeRemoteWrite } from "../../src/check/remote-write.ts";

const own = { port: 9501, paths: ["/receive", "/api/v1/write"] };

async function judge(yaml: string): Promise<string> {
  const { steps } = await judgeRemoteWrite(yaml, own);
  return steps.map(({ status, message }) => `${status}: ${message}`).join("\n");
}

test("a remote_write to our port and one of our paths is ours, with what it sends", async () => {
  assert.equal(
    await judge("remote_write:\n- url: http://archive:9501/receive\n"),
    "ok: to http://archive:9501/receive",
  );
  const yaml = `
global: {scrape_interval: 15s}
remote_write:
- url: https://mimir.example/api/v1/push
- url: http://user:<secret>@archive:9501/api/v1/write?token=abc
  protobuf_message: io.prometheus.write.v2.Request
  send_exemplars: true
  send_native_histograms: true
  write_relabel_configs: [{action: drop, regex: go_.*}]
`;
  assert.equal(
    await judge(yaml),
    "ok: to http://archive:9501/api/v1/write, remote write 2.0, 1 write_relabel_configs change or drop series, " +
      "with exemplars, with native histograms",
  );
  const { ours } = await judgeRemoteWrite(yaml, own);
  assert.deepEqual(
    ours.map(({ pathname }) => pathname),
    ["/api/v1/write"],
  );
});

test("what does not lead to us is told, with what to write instead", async () => {
  assert.match(await judge("global: {}"), /^failed: none is configured/);
  assert.match(await judge("remote_write: []"), /^failed: none is configured/);
  assert.match(await judge(""), /^failed: none is configured/);
  assert.match(
    await judge("remote_write: [{url: 'http://a:9501/write'}]"),
    /^failed: http:\/\/a:9501\/write: the port is ours, the path is not \(\/receive or \/api\/v1\/write\)$/,
  );
  assert.match(
    await judge("remote_write: [{url: 'http://a:1/x'}, {url: 'http://b/y'}]"),
    /^failed: http:\/\/a:1\/x, http:\/\/b\/y: none of these is meant for us$/,
  );
  const { steps } = await judgeRemoteWrite("", own);
  assert.match(steps[0]?.todo ?? "", /\n {2}remote_write:\n {4}- url: http:\/\/THIS-HOST:9501\/receive$/);
});

test("our path behind another port may be a proxy's", async () => {
  assert.match(
    await judge("remote_write: [{url: 'https://archive.example/receive'}]"),
    /^warning: https:\/\/archive\.example\/receive: its path is ours, but this configuration listens on port 9501$/,
  );
});

test("an age limit drops what is to be archived, and a text that is no YAML is no end", async () => {
  const limited = "remote_write: [{url: 'http://a:9501/receive', queue_config: {sample_age_limit: 1h}}]";
  assert.match(await judge(limited), /^warning: .*sample_age_limit 1h gives samples up$/);
  const zero = "remote_write: [{url: 'http://a:9501/receive', queue_config: {sample_age_limit: 0s}}]";
  assert.match(await judge(zero), /^ok: /);
  assert.match(await judge("a: [1, 2\nb: {"), /^warning: cannot read its configuration/);
});
