/** Which file may import which: the ranks of ARCHITECTURE.md as data, and the rules that read them. */
import { posix } from "node:path";
import { isIdentifier, type Node, SyntaxKind } from "typescript/unstable/ast";
import {
  isPropertyAccessExpression,
  isPropertyAssignment,
  isPropertySignatureDeclaration,
} from "typescript/unstable/ast/is";
import { type Import, importsOf, lineOf, type Source, walk } from "./source-tree.ts";

/**
 * Units from the ground up. A unit is a folder of src, a file, or several files of one kind (`log*`). A file
 * imports from its own unit and from lower ranks; units of one rank never import each other. So codecs (`wire`,
 * `remote`, `line`) stay free of each other and of all that does I/O, and can be tested and timed alone.
 */
export const ranks: readonly (readonly string[])[] = [
  ["errors.ts clock.ts compression.ts log* metrics.ts platform.ts version.ts"],
  ["wire", "retry.ts", "bill"],
  ["model"],
  ["remote", "line", "quick", "tsdb", "archive/key.ts", "aws"],
  ["sink", "archive"],
  ["batch", "web-config"],
  ["http", "page", "ship", "plan", "check"],
  ["config"],
  ["command"],
  ["runtime"],
  ["main.ts"],
];

/** Where a lower rank alone is too much: of these folders only the named files may be seen from there. */
const narrowViews: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  batch: { sink: ["sink/sink.ts"] },
  http: { sink: ["sink/sink.ts"] },
};

/** Who may import which package; a package that is not here has no business in src. */
const packages: Readonly<Record<string, readonly string[]>> = {
  hono: ["http", "page"],
  "@hono/node-server": ["runtime/node-http.ts"],
  aws4fetch: ["aws"],
  "@aws-sdk/credential-provider-node": ["aws"],
  "@smithy/core": ["aws"],
  "fast-xml-parser": ["aws"],
  "@bufbuild/protobuf": ["remote"],
  snappyjs: ["wire"],
  "prom-client": ["metrics.ts"],
  commander: ["config"],
  yaml: ["web-config", "check"],
  bcryptjs: ["http/auth-bcrypt.ts"],
};

/** Who may use `node:` modules. Codecs, batch and http do no I/O; compressing is pure, so its one leaf may use zlib. */
const nodeModules: Readonly<Record<string, readonly string[]>> = {
  sink: ["*"],
  aws: ["*"],
  archive: ["*"],
  runtime: ["*"],
  "batch/compress.ts": ["zlib", "util"],
  "web-config/load.ts": ["fs/promises", "path"],
  "check/own-instance.ts": ["http", "https"],
  "check/web-access.ts": ["crypto"],
  "ship/object-compress.ts": ["zlib", "stream/promises"],
};

const runtimeNames = new Set(["Bun", "Deno", "process"]);

/** Imports that point up or sideways, of packages or `node:` modules from the wrong place, or without `.ts`. */
export function findWrongImports(sources: readonly Source[]): string[] {
  return sources.flatMap(importsOf).flatMap((each) => {
    const problem = problemOf(each);
    return problem === undefined ? [] : [`${each.from.path}:${each.line}: ${each.specifier}: ${problem}`];
  });
}

/** Uses of a runtime's own globals outside src/runtime. */
export function findRuntimeNames(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => path.startsWith("src/") && !path.startsWith("src/runtime/"))
    .flatMap((source) =>
      [...walk(source.tree)]
        .filter((node) => isIdentifier(node) && runtimeNames.has(node.text) && !isMemberName(node))
        .map(
          (node) =>
            `${source.path}:${lineOf(source, node)}: ${node.getText(source.tree)} outside src/runtime`,
        ),
    );
}

/** The path that a relative import means, from the root of the repository. */
export function targetOf({ from, specifier }: Import): string {
  return posix.join(posix.dirname(from.path), specifier);
}

function problemOf(each: Import): string | undefined {
  const { from, specifier } = each;
  if (specifier.startsWith(".")) {
    if (!/\.(ts|json)$/.test(specifier)) return "needs its extension, .ts";
    return rankProblem(from.path, targetOf(each));
  }
  if (!from.path.startsWith("src/")) return undefined;
  const path = from.path.slice("src/".length);
  if (specifier.startsWith("node:")) return nodeProblem(path, specifier.slice("node:".length));
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const allowed = packages[name];
  if (allowed === undefined) return "no file of src may import this package";
  return allowed.some((place) => matches(place, path))
    ? undefined
    : `only ${allowed.join(", ")} may import it`;
}

function nodeProblem(path: string, module: string): string | undefined {
  const places = Object.entries(nodeModules).filter(([place]) => matches(place, path));
  if (places.some(([, modules]) => modules.includes("*") || modules.includes(module))) return undefined;
  return `only ${Object.keys(nodeModules).join(", ")} may use node: modules`;
}

function rankProblem(fromPath: string, toPath: string): string | undefined {
  if (!fromPath.startsWith("src/")) return undefined;
  if (!toPath.startsWith("src/")) return toPath === "package.json" ? undefined : "src imports from src only";
  const [from, to] = [placeOf(fromPath), placeOf(toPath)];
  if (from === undefined || to === undefined) return "not in the table of ranks";
  if (from.unit === to.unit) return undefined;
  if (to.rank >= from.rank)
    return `${from.unit} has rank ${from.rank} and may not import ${to.unit}, rank ${to.rank}`;
  const visible = narrowViews[from.unit]?.[to.unit];
  if (visible === undefined || visible.includes(toPath.slice("src/".length))) return undefined;
  return `${from.unit} may see only ${visible.join(", ")} of ${to.unit}`;
}

function placeOf(path: string): { unit: string; rank: number } | undefined {
  const inSrc = path.slice("src/".length);
  // The more exact name goes first: archive/key.ts before archive.
  const places = ranks.flatMap((units, rank) => units.map((unit) => ({ unit, rank })));
  return places
    .filter(({ unit }) => unit.split(" ").some((part) => matches(part, inSrc)))
    .sort((a, b) => b.unit.length - a.unit.length)[0];
}

/** Whether `path` is the file, in the folder, or begins as the pattern does before its `*`. */
function matches(place: string, path: string): boolean {
  if (place.endsWith("*")) return !path.includes("/") && path.startsWith(place.slice(0, -1));
  return place === path || path.startsWith(`${place}/`);
}

function isMemberName(node: Node): boolean {
  const { parent } = node;
  if (
    isPropertyAccessExpression(parent) ||
    isPropertyAssignment(parent) ||
    isPropertySignatureDeclaration(parent)
  ) {
    return parent.name === node;
  }
  return parent.kind === SyntaxKind.MethodDeclaration || parent.kind === SyntaxKind.ImportSpecifier;
}
