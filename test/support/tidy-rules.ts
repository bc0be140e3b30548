/** The house rules on the shape of files, beside the import rules. Each answers a sentence per violation. */
import {
  isFunctionLikeDeclaration,
  isStringLiteral,
  isTemplateHead,
  type Node,
  SyntaxKind,
} from "typescript/unstable/ast";
import { isExportAssignment, isExportDeclaration, isImportDeclaration } from "typescript/unstable/ast/is";
import { targetOf } from "./import-rules.ts";
import { endLineOf, importsOf, lineOf, type Source, walk } from "./source-tree.ts";

const fileLinesMax = 300;
const functionLinesMax = 70;
/** The formatter wraps code at 110; comments and long texts may go a little further. */
const columnsMax = 120;
/** Written by protoc-gen-es; nobody reads or edits it by hand. */
const generatedFile = /^src\/remote\/(gen|proto)\/.*_pb\.ts$/;
const vagueNames = /(^|\/)(utils?|helpers?|common|misc)(\.ts|\/|-)/;

// In pieces, so that the rule does not find itself.
const leftovers = new RegExp(
  [`\\b(${["TO", "FIX"].map((start, at) => start + ["DO", "ME"][at]).join("|")}|X{3}|HA${"CK"})\\b`]
    .concat([`@ts-(${"ig"}nore|no${"check"})`, `\\.on${"ly"}\\(`, `\\bdebug${"ger"}\\b`])
    .join("|"),
);

const bannedKinds = new Map<SyntaxKind, string>([
  [SyntaxKind.AnyKeyword, "the type any: name the type, or use unknown"],
  [SyntaxKind.EnumDeclaration, "an enum is not erasable: use a const array and its union"],
  [SyntaxKind.ModuleDeclaration, "a namespace is not erasable: a file is a module"],
  [SyntaxKind.DefaultKeyword, "a default export: export by name"],
]);

/** Files and functions that are too long, lines that are too wide. */
export function findTooLong(sources: readonly Source[]): string[] {
  return sources.filter(isWritten).flatMap((source) => {
    const lines = source.text.split("\n");
    const length = lines.at(-1) === "" ? lines.length - 1 : lines.length;
    const file = length > fileLinesMax ? [`${source.path}: ${length} lines, ${fileLinesMax} at most`] : [];
    const wide = lines.flatMap((line, at) =>
      [...line].length > columnsMax ? [`${source.path}:${at + 1}: ${[...line].length} columns`] : [],
    );
    const functions = [...walk(source.tree)].filter(isFunctionLikeDeclaration).flatMap((node) => {
      const first = lineOf(source, node);
      const count = endLineOf(source, node) - first + 1;
      return count > functionLinesMax ? [`${source.path}:${first}: a function of ${count} lines`] : [];
    });
    return [...file, ...wide, ...functions];
  });
}

/** What is left over from writing, and what the house does not use. */
export function findBanned(sources: readonly Source[]): string[] {
  return sources.filter(isWritten).flatMap((source) => {
    const texts = source.text
      .split("\n")
      .flatMap((line, at) =>
        leftovers.test(line) ? [`${source.path}:${at + 1}: left over: ${line.trim()}`] : [],
      );
    const kinds = [...walk(source.tree)].flatMap((node) => {
      const reason = isCaseDefault(node) ? undefined : bannedKinds.get(node.kind);
      return reason === undefined ? [] : [`${source.path}:${lineOf(source, node)}: ${reason}`];
    });
    const name = vagueNames.test(source.path) ? [`${source.path}: a name that says nothing`] : [];
    return [...texts, ...kinds, ...name, ...findBarrel(source)];
  });
}

/** Files that no entry point reaches and no text names. */
export function findUnreferenced(sources: readonly Source[], entryTexts: readonly string[]): string[] {
  const imported = new Set(sources.flatMap(importsOf).map(targetOf));
  // Files that are started, not imported: named in package.json, in CI, or in a string such as "src/main.ts".
  const named = [...entryTexts, ...sources.flatMap(stringsOf)];
  return sources
    .map(({ path }) => path)
    .filter(
      (path) => !path.endsWith(".test.ts") && !imported.has(path) && !named.some((text) => names(text, path)),
    )
    .map((path) => `${path}: nothing imports or starts it`);
}

/** Versions in package.json that are not one exact version. */
export function findLooseVersions(packageJson: Readonly<Record<string, unknown>>): string[] {
  const sections = ["dependencies", "devDependencies", "optionalDependencies"];
  return sections.flatMap((section) =>
    Object.entries((packageJson[section] ?? {}) as Record<string, string>)
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${section}: ${name} ${version} is not one exact version`),
  );
}

/** Hosts of package registries: which one is used is a matter of the machine. */
const registries = [
  ["registry", "npmjs"],
  ["registry", "yarnpkg"],
  ["npm", "jsr"],
  ["proxy", "golang"],
]
  .concat([
    ["sum", "golang"],
    ["pypi", "org"],
    ["pythonhosted", "org"],
    ["deb", "debian"],
    ["jsr", "io"],
  ])
  .map((parts) => parts.join("."));

/** Lines of a tracked file that name the host of a package registry. */
export function findRegistries(path: string, text: string): string[] {
  return text
    .split("\n")
    .flatMap((line, at) =>
      registries.some((host) => line.includes(host)) ? [`${path}:${at + 1}: names a registry`] : [],
    );
}

function isWritten({ path }: Source): boolean {
  return !generatedFile.test(path);
}

function isCaseDefault(node: Node): boolean {
  return node.kind === SyntaxKind.DefaultKeyword && node.parent.kind === SyntaxKind.DefaultClause;
}

function findBarrel({ path, tree }: Source): string[] {
  const { statements } = tree;
  const exports = statements.filter(
    (node) => isExportDeclaration(node) && node.moduleSpecifier !== undefined,
  );
  const others = statements.filter((node) => !isExportDeclaration(node) && !isImportDeclaration(node));
  const barrel =
    exports.length > 0 && others.length === 0 ? [`${path}: only passes on what others export`] : [];
  const equals = statements.some(isExportAssignment) ? [`${path}: a default export: export by name`] : [];
  return [...barrel, ...equals];
}

function stringsOf({ tree }: Source): string[] {
  return [...walk(tree)].flatMap((node) =>
    isStringLiteral(node) || isTemplateHead(node) || node.kind === SyntaxKind.NoSubstitutionTemplateLiteral
      ? [(node as { text?: string }).text ?? ""]
      : [],
  );
}

function names(text: string, path: string): boolean {
  const base = path.split("/").at(-1) ?? path;
  return text.includes(path) || text === `./${base}` || text.endsWith(`/${base}`);
}
