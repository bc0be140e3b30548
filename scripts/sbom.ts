/**
 * The software bill of materials, CycloneDX 1.5 as JSON: what `npm sbom` says of the locked packages, made to describe
 * the executable: the packages that are not in it are `excluded`, and the Bun runtimes that are in it are components.
 * https://cyclonedx.org/docs/1.5/json/
 */
import { createHash } from "node:crypto";
import type { LockedPackage, Target } from "./build-targets.ts";
import { integrityHex } from "./build-targets.ts";

export interface Component {
  readonly "bom-ref": string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly scope?: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly unknown[];
  readonly [more: string]: unknown;
}

export interface Sbom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: {
    readonly timestamp: string;
    readonly component: Component;
    readonly [more: string]: unknown;
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly [more: string]: unknown;
}

export interface SbomOptions {
  /** `name@version` of each package in the bundle. */
  readonly bundled: ReadonlySet<string>;
  /** The packages of package-lock.json by their folder. */
  readonly lock: Readonly<Record<string, LockedPackage>>;
  readonly runtimes: readonly { readonly target: Target; readonly locked: LockedPackage }[];
  readonly version: string;
  readonly time: Date;
}

/**
 * Makes the bill of `npm sbom`'s output for all packages: with `--omit dev` npm 11 leaves out what a development
 * dependency needs as well, so here package-lock.json decides. The same commit gives the same bytes, serial number and
 * time included. */
export function executableSbom(
  npmSbom: Sbom,
  about: { readonly name: string },
  { bundled, lock, runtimes, version, time }: SbomOptions,
): Sbom {
  const locked = productionPackages(lock);
  const isLocked = ({ name, version: one }: Component) => locked.has(`${name}@${one}`);
  const rootRef = npmSbom.metadata.component["bom-ref"];
  const packages = npmSbom.components.filter(isLocked).map((component) => ({
    ...component,
    scope: bundled.has(`${component.name}@${component.version}`) ? "required" : "excluded",
  }));
  const found = new Set(packages.map(({ name, version: one }) => `${name}@${one}`));
  const missing = [...bundled].filter((each) => !found.has(each));
  if (missing.length > 0)
    throw new Error(`npm sbom does not know what is in the bundle: ${missing.join(", ")}`);
  const bunComponents = runtimes.map(({ target, locked: bun }) => runtimeComponent(target, bun));
  const runtimeRefs = bunComponents.map((bun) => bun["bom-ref"]);
  const refs = new Set([rootRef, ...packages.map((each) => each["bom-ref"])]);
  const dependencies = npmSbom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: [...dependsOn.filter((each) => refs.has(each)), ...(ref === rootRef ? runtimeRefs : [])],
    }));
  const { component } = npmSbom.metadata;
  const sbom: Sbom = {
    ...npmSbom,
    metadata: {
      ...npmSbom.metadata,
      timestamp: time.toISOString(),
      component: { ...component, type: "application", name: about.name, version },
    },
    components: [...packages, ...bunComponents],
    dependencies: [...dependencies, ...runtimeRefs.map((ref) => ({ ref, dependsOn: [] }))],
  };
  const { serialNumber: _, ...content } = sbom;
  return { ...sbom, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}` };
}

/** `name@version` of what is installed for the program itself, in the executable or not. */
export function productionPackages(lock: Readonly<Record<string, LockedPackage>>): ReadonlySet<string> {
  const folders = Object.entries(lock).filter(
    ([folder, { dev, optional, devOptional }]) => folder !== "" && !dev && !optional && !devOptional,
  );
  return new Set(
    folders.map(([folder, { version }]) => `${folder.split("node_modules/").at(-1)}@${version}`),
  );
}

function runtimeComponent(
  { name, runtimePackage }: Target,
  { version, integrity = "" }: LockedPackage,
): Component {
  const purl = `pkg:npm/${runtimePackage.replace("@", "%40")}@${version}`;
  return {
    "bom-ref": `${runtimePackage}@${version}`,
    type: "platform",
    name: runtimePackage,
    version,
    scope: "required",
    description: `The Bun runtime in the executable for ${name}; libraries in it: THIRD-PARTY-LICENSES.txt`,
    purl,
    licenses: [{ license: { id: "MIT" } }],
    hashes: [{ alg: "SHA-512", content: integrityHex(integrity) }],
  };
}

/** A version 8 UUID, for which the content is free (RFC 9562, section 5.8): the hash of a text. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return [...parts, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
