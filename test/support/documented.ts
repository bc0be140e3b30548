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

/** All blocks of a Markdown file, in their order. */
export function blocksOf(path: string): readonly DocumentedBlock[] {
  const text = readFileSync(join(import.meta.dirname, "../..", path), "utf8");
  const blocks: DocumentedBlock[] = [];
  let heading = "";
  for (const [, title, language, block] of text.matchAll(/^#+ (.+)$|^```(.*)\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    else blocks.push({ heading, language: language ?? "", text: block ?? "" });
  }
  return blocks;
}
