/** Our own sources as syntax trees, for the rules of tidy.test.ts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isStringLiteral, type Node, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
} from "typescript/unstable/ast/is";
import { createVirtualFileSystem } from "typescript/unstable/fs";
import { API } from "typescript/unstable/sync";

export interface Source {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly tree: SourceFile;
}

export interface Import {
  readonly from: Source;
  readonly specifier: string;
  readonly line: number;
}

const root = join(import.meta.dirname, "../..");

/** Every TypeScript file under the folders. */
export function readSources(folders: readonly string[]): readonly Source[] {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => `${folder}/${path.replaceAll("\\", "/")}`),
  );
  return parseSources(
    Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(root, path), "utf8")])),
  );
}

/** Parses texts by path; nothing outside them is read, so imports need not exist. */
export function parseSources(texts: Readonly<Record<string, string>>): readonly Source[] {
  const files = Object.entries(texts).map(([path, text]) => [`/tree/${path}`, text]);
  const config = {
    compilerOptions: { noLib: true, noResolve: true, types: [] },
    files: files.map(([path]) => path),
  };
  const tree = { ...Object.fromEntries(files), "/tree/tsconfig.json": JSON.stringify(config) };
  const api = new API({ cwd: "/tree", fs: createVirtualFileSystem(tree) });
  try {
    const [project] = api.updateSnapshot({ openProjects: ["/tree/tsconfig.json"] }).getProjects();
    return Object.entries(texts).map(([path, text]) => {
      const parsed = project?.program.getSourceFile(`/tree/${path}`);
      if (parsed === undefined) throw new Error(`${path} was not parsed`);
      return { path, text, tree: parsed };
    });
  } finally {
    api.close();
  }
}

/** Every node below and with `node`, parents first. */
export function* walk(node: Node): Generator<Node> {
  yield node;
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
    return undefined;
  });
  for (const child of children) yield* walk(child);
}

/** Static, dynamic, type-only and re-exporting imports whose specifier is a string. */
export function importsOf(source: Source): Import[] {
  return [...walk(source.tree)].flatMap((node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined || !isStringLiteral(specifier)) return [];
    return [{ from: source, specifier: specifier.text, line: lineOf(source, node) }];
  });
}

/** Line of the first character of `node`, from 1. */
export function lineOf({ text, tree }: Source, node: Node): number {
  return lineAt(text, node.getStart(tree));
}

/** Line of the last character of `node`, from 1. */
export function endLineOf({ text }: Source, node: Node): number {
  return lineAt(text, node.getEnd());
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function specifierOf(node: Node): Node | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return node.moduleSpecifier;
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) return node.arguments[0];
  if (isImportTypeNode(node)) return [...walk(node.argument)].find(isStringLiteral);
  return undefined;
}
