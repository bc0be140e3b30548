/**
 * Whether a Prometheus' configuration sends to us: pure, of its YAML.
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_write
 */
import { isObject } from "../aws/answer.ts";
import { describeError } from "../errors.ts";
import { failed, ok, type Step, warning } from "./step.ts";

/** Where we listen, as far as the configuration tells. */
export interface OwnAddress {
  readonly port: number;
  /** The paths that take write requests. */
  readonly paths: readonly string[];
}

export interface RemoteWriteJudgement {
  readonly steps: readonly Step[];
  /** The URLs that are meant for us. */
  readonly ours: readonly URL[];
}

type Fields = Readonly<Record<string, unknown>>;

interface Target {
  readonly url: URL;
  readonly settings: Fields;
}

export async function judgeRemoteWrite(yaml: string, own: OwnAddress): Promise<RemoteWriteJudgement> {
  const todo = snippet(own);
  let config: unknown;
  try {
    const { parse } = await import("yaml");
    config = parse(yaml, { maxAliasCount: 1_000 });
  } catch (error) {
    const message = `cannot read its configuration: ${describeError(error)}`;
    return {
      steps: [warning("remote_write", message, "look at remote_write in prometheus.yml yourself")],
      ours: [],
    };
  }
  const list = isObject(config) ? config["remote_write"] : undefined;
  const targets = (Array.isArray(list) ? list : []).filter(isObject).flatMap(targetOf);
  if (targets.length === 0)
    return {
      steps: [failed("remote_write", "none is configured: nothing is sent to anybody", todo)],
      ours: [],
    };
  const ours = targets.filter(({ url }) => portOf(url) === own.port && own.paths.includes(url.pathname));
  if (ours.length > 0) return { steps: ours.map(settingsStep), ours: ours.map(({ url }) => url) };
  const byPath = targets.filter(({ url }) => own.paths.includes(url.pathname));
  if (byPath.length > 0) {
    const message = `${shownAll(byPath)}: its path is ours, but this configuration listens on port ${own.port}`;
    const why = "fine where a proxy or a mapping of ports stands between; else correct the port";
    return { steps: [warning("remote_write", message, why)], ours: byPath.map(({ url }) => url) };
  }
  const byPort = targets.filter(({ url }) => portOf(url) === own.port);
  const message =
    byPort.length > 0
      ? `${shownAll(byPort)}: the port is ours, the path is not (${own.paths.join(" or ")})`
      : `${shownAll(targets)}: none of these is meant for us`;
  return { steps: [failed("remote_write", message, todo)], ours: [] };
}

function targetOf(settings: Fields): readonly Target[] {
  const text = settings["url"];
  return typeof text === "string" && URL.canParse(text) ? [{ url: new URL(text), settings }] : [];
}

function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

function shownAll(targets: readonly Target[]): string {
  return targets.map(({ url }) => `${url.origin}${url.pathname}`).join(", ");
}

function settingsStep({ url, settings }: Target): Step {
  const notes = [`to ${url.origin}${url.pathname}`];
  const message = settings["protobuf_message"];
  if (typeof message === "string")
    notes.push(message.startsWith("io.prometheus.write.v2") ? "remote write 2.0" : "remote write 1.0");
  const relabels = settings["write_relabel_configs"];
  if (Array.isArray(relabels) && relabels.length > 0)
    notes.push(`${relabels.length} write_relabel_configs change or drop series`);
  if (settings["send_exemplars"] === true) notes.push("with exemplars");
  if (settings["send_native_histograms"] === true) notes.push("with native histograms");
  const queue = settings["queue_config"];
  const ageLimit = isObject(queue) ? queue["sample_age_limit"] : undefined;
  const shown = notes.join(", ");
  if (typeof ageLimit === "string" && !/^0\w*$/.test(ageLimit)) {
    const what = `${shown}; queue_config.sample_age_limit ${ageLimit.slice(0, 20)} gives samples up`;
    return warning(
      "remote_write",
      what,
      "remove sample_age_limit: after an outage it drops what is to be archived",
    );
  }
  return ok("remote_write", shown);
}

function snippet({ port, paths: [path = ""] }: OwnAddress): string {
  return `add to prometheus.yml, and reload it:\n  remote_write:\n    - url: http://THIS-HOST:${port}${path}`;
}
