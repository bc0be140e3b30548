/** The licences of what is in an executable: which are allowed, and their full texts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX identifier, or several with AND. */
  readonly licence: string;
  readonly author: string;
  /** What the package's own licence and notice files say; empty when it ships none. */
  readonly texts: readonly string[];
}

/** SPDX identifiers of what may be part of the program: permissive, and compatible with Apache-2.0. */
export const allowedLicences: readonly string[] = [
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
];

const licenceFile = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
const rule = "=".repeat(78);

/** What package.json and the licence files in `folder` say. Throws when the licence is not on the allow list. */
export function readPackage(root: string, folder: string): BundledPackage {
  const path = join(root, folder);
  const about = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Record<string, unknown>;
  const texts = readdirSync(path)
    .filter((file) => licenceFile.test(file))
    .sort()
    .map((file) => readFileSync(join(path, file), "utf8").trim());
  const found: BundledPackage = {
    name: String(about["name"]),
    version: String(about["version"]),
    licence: String(about["license"]),
    author: authorOf(about["author"]) ?? `the authors of ${String(about["name"])}`,
    texts,
  };
  assertAllowed(found);
  return found;
}

/** Throws unless every licence of an expression is on the allow list; who adds one looks at it. */
export function assertAllowed(found: Pick<BundledPackage, "name" | "version" | "licence">): void {
  const { name, version, licence } = found;
  if (identifiers(licence).every((each) => allowedLicences.includes(each))) return;
  throw new Error(
    `${name}@${version} has the licence ${licence}, which is not allowed: use another package, ` +
      "or add it to allowedLicences in scripts/licences.ts once somebody has read it",
  );
}

/** `(Apache-2.0 AND MIT)` is two; any other expression stays whole, and so is not allowed. */
function identifiers(licence: string): readonly string[] {
  return licence.replace(/^\((.*)\)$/, "$1").split(" AND ");
}

function authorOf(author: unknown): string | undefined {
  if (typeof author === "string") return author.replace(/ *[<(].*$/, "");
  return typeof author === "object" && author !== null && "name" in author ? String(author.name) : undefined;
}

/** What is not in the packages themselves. */
export interface StandardTexts {
  readonly apache: string;
  /** With HOLDER where the copyright holder goes. */
  readonly mit: string;
  /** The libraries in the Bun runtime. */
  readonly runtime: string;
}

/**
 * THIRD-PARTY-LICENSES.txt: each package with its texts; one that ships none gets the standard text of its licence.
 * Throws for one whose text is nowhere to be had.
 */
export function licenceTexts(packages: readonly BundledPackage[], standard: StandardTexts): string {
  const sections = packages.map((each) => {
    const texts = each.texts.length > 0 ? each.texts : [standardText(each, standard)];
    return section(`${each.name} ${each.version} (${each.licence})`, texts.join(`\n\n${"-".repeat(78)}\n\n`));
  });
  const head =
    "The executable prometheus-remote-kinesis is licensed under Apache-2.0. It contains these packages, and the\n" +
    "Bun runtime, whose own list stands at the end.\n";
  const bun = `${mitOf("Oven, Inc. and the authors of Bun", standard)}\n\n${standard.runtime.trim()}`;
  return [head, ...sections, section("The Bun runtime (MIT)", bun)].join("\n");
}

function section(title: string, text: string): string {
  return `${rule}\n${title}\n${rule}\n\n${text}\n`;
}

function standardText({ name, version, licence, author }: BundledPackage, standard: StandardTexts): string {
  if (licence === "Apache-2.0") return standard.apache.trim();
  if (licence === "MIT") return mitOf(author, standard);
  throw new Error(`${name}@${version} ships no text of its licence ${licence}`);
}

function mitOf(holder: string, { mit }: StandardTexts): string {
  return mit.replace("HOLDER", () => holder).trim();
}
