/** The manifests are valid, and what they promise fits what the program does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import {
  assertFitsSchema,
  kustomized,
  kustomizeMissing,
  type Resource,
  resourcesIn,
} from "../support/kustomize.ts";

interface Container {
  readonly securityContext: unknown;
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly image: string;
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly startupProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Deployment {
  readonly replicas: number;
  readonly strategy: unknown;
  readonly selector: { readonly matchLabels: unknown };
  readonly template: {
    readonly metadata: { readonly labels: unknown };
    readonly spec: {
      readonly terminationGracePeriodSeconds: number;
      readonly serviceAccountName: string;
      readonly securityContext: Readonly<Record<string, unknown>>;
      readonly containers: readonly [Container];
      readonly volumes: readonly [Readonly<Record<string, unknown>>];
    };
  };
}

const missing = kustomizeMissing();
const options = missing === undefined ? {} : { skip: missing };
const folders = ["base", "overlays/kinesis-with-spool"];
/** The oldest with preStop.sleep switched on, and the newest that there are schemas of. */
const versions = ["1.30.0", "1.34.0", "1.37.0"];
const mebibyte = 2 ** 20;

function ofKind(resources: readonly Resource[], kind: string): Resource {
  const found = resources.filter((each) => each.kind === kind);
  assert.equal(found.length, 1, kind);
  return found[0]!;
}

function deploymentIn(resources: readonly Resource[]): Deployment {
  return ofKind(resources, "Deployment")["spec"] as Deployment;
}

function settingsIn(resources: readonly Resource[]): Readonly<Record<string, string>> {
  return ofKind(resources, "ConfigMap")["data"] as Readonly<Record<string, string>>;
}

test(
  "what kustomize makes fits the schemas of old and new Kubernetes, and a wrong field would not",
  options,
  () => {
    for (const folder of folders) {
      const manifest = kustomized(folder);
      for (const version of versions) assertFitsSchema(manifest, version);
      const wrong = manifest.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem");
      assert.throws(() => assertFitsSchema(wrong, "1.34.0"), /readOnlyRootFileSystem/);
    }
  },
);

test(
  "pods run as nobody, with nothing they could write to but /data, and are asked whether they live",
  options,
  () => {
    for (const folder of folders) {
      const { template, selector } = deploymentIn(resourcesIn(kustomized(folder)));
      const { securityContext, containers } = template.spec;
      const [container] = containers;
      assert.deepEqual(selector.matchLabels, { "app.kubernetes.io/name": "prometheus-remote-kinesis" });
      assert.deepEqual(securityContext["seccompProfile"], { type: "RuntimeDefault" });
      assert.equal(securityContext["runAsNonRoot"], true);
      assert.equal(securityContext["runAsUser"], 65532);
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      assert.equal(container.readinessProbe.httpGet.path, "/-/ready");
      for (const probe of [container.livenessProbe, container.startupProbe]) {
        assert.deepEqual(probe.httpGet, { path: "/-/healthy", port: "http" });
      }
    }
  },
);

test("the pods' settings are the program's, and their limits leave it room and time", options, () => {
  for (const folder of folders) {
    const resources = resourcesIn(kustomized(folder));
    const { template } = deploymentIn(resources);
    const { terminationGracePeriodSeconds, containers } = template.spec;
    const [{ envFrom, lifecycle, resources: room }] = containers;
    assert.equal(envFrom[0]?.configMapRef.name, ofKind(resources, "ConfigMap").metadata.name);
    const config = readConfig(new Map(), settingsIn(resources));
    assert.deepEqual(config.sink, { kind: "kinesis", stream: "prometheus" });
    const stopSeconds = lifecycle.preStop.sleep.seconds + config.drainTimeoutMs / 1000 + 10;
    assert.ok(
      terminationGracePeriodSeconds >= stopSeconds,
      `${terminationGracePeriodSeconds} < ${stopSeconds}`,
    );
    const limitBytes = Number.parseInt(room.limits.memory, 10) * mebibyte;
    assert.match(room.limits.memory, /^\d+Mi$/);
    assert.ok(limitBytes >= 360 * mebibyte);
    // The ceiling of ARCHITECTURE.md is about 360 MiB with these.
    assert.ok(config.pendingBytesMax <= 16 * mebibyte && config.bodyBytesMax <= 8 * mebibyte);
    assert.ok(config.decodedBytesMax <= 8 * mebibyte);
  }
});

test("a spool is one process's: one replica, the old pod first, one volume for one pod", options, () => {
  const resources = resourcesIn(kustomized("overlays/kinesis-with-spool"));
  const { replicas, strategy, template } = deploymentIn(resources);
  assert.equal(replicas, 1);
  assert.deepEqual(strategy, { type: "Recreate" });
  const { spoolDirectory, quarantineDirectory, spoolBytesMax } = readConfig(new Map(), settingsIn(resources));
  assert.equal(spoolDirectory, "/data/spool");
  assert.equal(quarantineDirectory, "/data/quarantine");
  const claim = ofKind(resources, "PersistentVolumeClaim");
  assert.deepEqual(template.spec.volumes, [
    { name: "data", persistentVolumeClaim: { claimName: claim.metadata.name } },
  ]);
  const { accessModes, resources: wanted } = claim["spec"] as {
    accessModes: unknown;
    resources: { requests: { storage: string } };
  };
  assert.deepEqual(accessModes, ["ReadWriteOncePod"]);
  assert.ok(Number.parseInt(wanted.requests.storage, 10) * 2 ** 30 > spoolBytesMax);
  const account = ofKind(resources, "ServiceAccount").metadata as { annotations?: Record<string, string> };
  assert.match(account.annotations?.["eks.amazonaws.com/role-arn"] ?? "", /^arn:aws:iam::\d{12}:role\//);
  for (const { metadata } of resources) assert.equal(metadata.namespace, "monitoring");
});
