/** What is in a document to be run: its fenced blocks, by heading and language. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface DocumentedBlock {
  /** The heading it stands under. */
  readonly heading: string;
  /** What stands behind the fence: `sql athena`. */
  readonly language: string;
  readonly text: string;
}

/** Blocks in lists are indented. */
const fenceOrTitle = /^#+ (.+)$|^( *)```(.*)\n([\s\S]*?)^\2```$/gm;

/** All blocks of a Markdown file, in their order. */
export function blocksOf(path: string): readonly DocumentedBlock[] {
  const text = readFileSync(join(import.meta.dirname, "../..", path), "utf8");
  const blocks: DocumentedBlock[] = [];
  let heading = "";
  for (const [, title, indent = "", language, block] of text.matchAll(fenceOrTitle)) {
    if (title !== undefined) heading = title;
    else blocks.push({ heading, language: language ?? "", text: unindented(block ?? "", indent) });
  }
  return blocks;
}

function unindented(text: string, indent: string): string {
  return indent === "" ? text : text.replaceAll(new RegExp(`^${indent}`, "gm"), "");
}
