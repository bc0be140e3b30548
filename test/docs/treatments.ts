/** What becomes of each shell block of the documents: run here, run by another test, or only read, and why. */
import type { DocumentedBlock } from "../support/documented.ts";
import { commandsOf } from "./command-lines.ts";

export type Treatment =
  /** run.test.ts runs it. */
  | "run"
  /** This test, which names the document, runs it. */
  | { readonly by: string }
  /** It cannot be run in CI. Its syntax and our command lines in it are checked. */
  | { readonly because: string };

export interface Rule {
  readonly file: string;
  /** What stands behind the fence; undefined: anything. */
  readonly language?: string;
  /** How the block begins; undefined: anything. */
  readonly begins?: string;
  readonly treatment: Treatment;
}

/** Every shell block meets exactly one rule, and every rule a block. Those of README.ja.md are those of README.md. */
export const rules: readonly Rule[] = [
  { file: "CONTRIBUTING.md", treatment: { because: "runs all tests, benches or builds" } },
  { file: "README.md", begins: "npm ci && npm start", treatment: "run" },
  { file: "README.md", begins: "tail -n 2", treatment: "run" },
  { file: "README.md", begins: "npm run build", treatment: { by: "test/runtime/binary.test.ts" } },
  { file: "README.md", begins: "prometheus-remote-kinesis --sink firehose:", treatment: "run" },
  { file: "README.md", begins: "prometheus-remote-kinesis check", treatment: "run" },
  { file: "README.md", begins: "npm run dev-aws", treatment: "run" },
  { file: "README.md", begins: "prometheus-remote-kinesis plan", treatment: "run" },
  { file: "README.md", begins: "prometheus-remote-kinesis ddl --location", treatment: "run" },
  { file: "README.md", begins: "prometheus-remote-kinesis ddl --engine", treatment: "run" },
  { file: "README.md", begins: "zcat", treatment: "run" },
  { file: "README.md", begins: "prometheus-remote-kinesis --sink kinesis:", treatment: "run" },
  { file: "README.md", begins: "prometheus-remote-kinesis spool", treatment: "run" },
  { file: "README.md", begins: "prometheus-remote-kinesis quarantine", treatment: "run" },
  { file: "README.md", begins: "curl", treatment: "run" },
  { file: "README.md", begins: "prometheus-remote-kinesis --web-config-file", treatment: "run" },
  { file: "docs/migration.md", begins: "prometheus-remote-kinesis -stream-name", treatment: "run" },
  { file: "docs/migration.md", begins: "docker run", treatment: { because: "needs Docker" } },
  { file: "docs/migration.md", begins: "prometheus-remote-kinesis ddl", treatment: "run" },
  { file: "docs/aws-setup.md", language: "sh aws", treatment: { by: "test/deploy/aws-setup.test.ts" } },
  { file: "docs/aws-setup.md", language: "sh program", treatment: { by: "test/deploy/aws-setup.test.ts" } },
  {
    file: "docs/aws-setup.md",
    language: "sh terraform",
    treatment: { because: "needs an AWS account; deploy/terraform has tests of its own" },
  },
  {
    file: "docs/bill.md",
    begins: "prometheus-remote-kinesis plan --samples",
    treatment: { by: "test/plan/bill-page.test.ts" },
  },
  { file: "docs/bill.md", begins: "prometheus-remote-kinesis plan --from", treatment: "run" },
  {
    file: "docs/check.md",
    language: "console",
    treatment: { because: "an example of what may be wrong; test/e2e/check.test.ts runs such checks" },
  },
  {
    file: "docs/install.md",
    begins: "install -m 0755",
    treatment: { by: "test/package/systemd.test.ts" },
  },
  { file: "docs/install.md", begins: "systemctl restart", treatment: { by: "test/package/systemd.test.ts" } },
  {
    file: "docs/install.md",
    begins: "docker build -t",
    treatment: { because: "needs Docker; test/package/image.test.ts builds and runs the image without it" },
  },
  { file: "docs/install.md", begins: "docker buildx", treatment: { because: "needs Docker and a registry" } },
  {
    file: "docs/install.md",
    begins: "kubectl",
    treatment: { because: "needs a cluster; test/package/kubernetes.test.ts checks the manifests" },
  },
  { file: "docs/queries.md", language: "sh duckdb", treatment: "run" },
  { file: "docs/queries.md", language: "sh jq", treatment: { by: "test/deploy/queries.test.ts" } },
  {
    file: "docs/security.md",
    begins: "htpasswd",
    treatment: { because: "asks for a password; test/web-config has hashes of it" },
  },
  { file: "docs/security.md", begins: "prometheus-remote-kinesis --web-config", treatment: "run" },
  { file: "docs/security.md", begins: "openssl rand", treatment: "run" },
  { file: "docs/status-page.md", begins: "curl", treatment: "run" },
];

/** Whether `rule` is the one for this block of `file`. */
export function isMet({ file, language, begins }: Rule, block: DocumentedBlock, of: string): boolean {
  return (
    file === of &&
    (language === undefined || language === block.language) &&
    (begins === undefined || commandsOf(block).startsWith(begins))
  );
}
