/** Terraform with a provider that is on this machine: in a copy of the module, so that nothing is left in the tree. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface Terraform {
  /** The exit code, and both outputs as one text. */
  run(...args: readonly string[]): { readonly code: number | null; readonly output: string };
}

interface Found {
  readonly path: string;
  /** For TF_CLI_CONFIG_FILE, or the folder of a mirror. */
  readonly providers: { readonly configFile: string } | { readonly mirror: string };
}

const moduleFolder = join(import.meta.dirname, "../../deploy/terraform");
const timeoutMs = 110_000;
const found = find();

/** Why Terraform's tests cannot run here, or undefined. Its provider is in none of the registries that CI reaches. */
export const terraformMissing = typeof found === "string" ? found : undefined;

/** Hands Terraform, initialised in a copy of deploy/terraform, to `use`. */
export function withTerraform(use: (terraform: Terraform) => void): void {
  if (typeof found === "string") throw new Error(found);
  const folder = mkdtempSync(join(tmpdir(), "prk-terraform-"));
  try {
    cpSync(moduleFolder, join(folder, "module"), { recursive: true });
    const configFile = configFileOf(found.providers, folder);
    const run: Terraform["run"] = (...args) => {
      const { status, stdout, stderr, error } = spawnSync(found.path, args, {
        cwd: join(folder, "module"),
        encoding: "utf8",
        env: {
          ...process.env,
          TF_CLI_CONFIG_FILE: configFile,
          CHECKPOINT_DISABLE: "1",
          TF_IN_AUTOMATION: "1",
        },
        maxBuffer: 1 << 30,
        timeout: timeoutMs,
        // Terraform ends its providers then.
        killSignal: "SIGINT",
      });
      if (error !== undefined) throw error;
      return { code: status, output: stdout + stderr };
    };
    const { code, output } = run("init", "-backend=false", "-input=false", "-no-color");
    if (code !== 0) throw new Error(`terraform init ended with ${code}: ${output}`);
    use({ run });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `tests/NAME.tftest.hcl` of the module for each name, in one process; every run in them must pass. */
export function assertModuleTests(...names: readonly string[]): void {
  withTerraform(({ run }) => {
    const { code, output } = run("test", "-json", ...names.map((name) => `-filter=tests/${name}.tftest.hcl`));
    const { failures, passed } = readTestReport(output);
    const texts = names.map((name) => readFileSync(join(moduleFolder, `tests/${name}.tftest.hcl`), "utf8"));
    assert.deepEqual(failures, []);
    assert.equal(code, 0, output.slice(-2000));
    assert.equal(
      passed,
      texts.reduce((sum, text) => sum + [...text.matchAll(/^run "/gm)].length, 0),
    );
  });
}

/** What `terraform test -json -verbose` says: its summary, what failed, and what each run planned. */
export function readTestReport(output: string) {
  const messages = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as TestMessage);
  const failures = messages.flatMap((each) =>
    each["@level"] === "error"
      ? [`${each["@testrun"]}: ${JSON.stringify(each.diagnostic ?? each["@message"])}`]
      : [],
  );
  const runs = new Map(
    messages.flatMap(({ "@testrun": name = "", test_plan: plan }) =>
      plan === undefined ? [] : [[name, plan] as const],
    ),
  );
  return {
    failures,
    runs,
    passed: messages.find(({ test_summary: sum }) => sum !== undefined)?.test_summary?.passed,
  };
}

export interface TestPlan {
  readonly output_changes: Readonly<Record<string, { readonly after: unknown }>>;
  readonly resource_changes: readonly {
    readonly address: string;
    readonly change: { readonly after: Readonly<Record<string, unknown>> };
  }[];
}

interface TestMessage {
  readonly "@level": string;
  readonly "@message": string;
  readonly "@testrun"?: string;
  readonly diagnostic?: unknown;
  readonly test_plan?: TestPlan;
  readonly test_summary?: { readonly passed: number };
}

function find(): Found | string {
  const { TERRAFORM_BIN = "terraform", PATH = "", TF_CLI_CONFIG_FILE = "", TF_PLUGIN_MIRROR } = process.env;
  const folders = TERRAFORM_BIN.includes("/") ? [""] : PATH.split(delimiter);
  const path = folders.map((folder) => join(folder, TERRAFORM_BIN)).find((each) => existsSync(each));
  if (path === undefined) return "not installable: terraform is not on this machine; TERRAFORM_BIN names one";
  if (existsSync(TF_CLI_CONFIG_FILE)) return { path, providers: { configFile: TF_CLI_CONFIG_FILE } };
  const mirrors = [TF_PLUGIN_MIRROR, "/opt/tf-plugins", join(homedir(), ".terraform.d/plugins")];
  const mirror = [...mirrors, "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"].find(
    (each) => each !== undefined && hasProvider(each),
  );
  if (mirror !== undefined) return { path, providers: { mirror } };
  return "not installable: no mirror with Terraform's AWS provider is here; TF_PLUGIN_MIRROR names its folder";
}

/** A mirror has a folder for each registry, and in it HOLDER/PROVIDER. */
function hasProvider(mirror: string): boolean {
  return (
    existsSync(mirror) && readdirSync(mirror).some((host) => existsSync(join(mirror, host, "hashicorp/aws")))
  );
}

function configFileOf(providers: Found["providers"], folder: string): string {
  if ("configFile" in providers) return providers.configFile;
  const configFile = join(folder, "terraform.rc");
  const path = JSON.stringify(providers.mirror);
  writeFileSync(configFile, `provider_installation {\n  filesystem_mirror {\n    path = ${path}\n  }\n}\n`);
  return configFile;
}
