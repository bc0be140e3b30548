/** Kubernetes' own view of deploy/kubernetes: kustomize puts it together, the published schemas judge it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** An object of Kubernetes as YAML has it. */
export interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [more: string]: unknown;
}

const folder = join(import.meta.dirname, "../../deploy/kubernetes");
const cache = process.env["PRK_CACHE"] ?? join(homedir(), ".cache/prometheus-remote-kinesis");
const kustomize = process.env["KUSTOMIZE_BIN"] ?? join(cache, "kustomize/kustomize");
const validate = process.env["KUBERNETES_VALIDATE_BIN"] ?? join(cache, "moto/bin/kubernetes-validate");

/** Why the manifests cannot be put together and judged here, or undefined. */
export function kustomizeMissing(): string | undefined {
  const missing = [kustomize, validate].filter((path) => !existsSync(path));
  return missing.length === 0 ? undefined : `${missing.join(" and ")} missing: .ci/run installs it`;
}

/** What `kubectl apply -k` of a folder of deploy/kubernetes would apply, as text. */
export function kustomized(path: string): string {
  return run(kustomize, ["build", join(folder, path)]);
}

export function resourcesIn(manifest: string): readonly Resource[] {
  return parseAllDocuments(manifest).map((document) => document.toJS() as Resource);
}

/** Throws with what is wrong when a resource does not fit the schemas of this version, unknown fields included. */
export function assertFitsSchema(manifest: string, kubernetesVersion: string): void {
  const scratch = mkdtempSync(join(tmpdir(), "prk-manifest-"));
  try {
    const path = join(scratch, "manifest.yaml");
    writeFileSync(path, manifest);
    run(validate, ["--strict", "--no-warn", "-k", kubernetesVersion, path]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (error !== undefined || status !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stdout}${stderr}`, {
      cause: error,
    });
  }
  return stdout;
}
