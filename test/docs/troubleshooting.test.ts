/** docs/troubleshooting.md quotes what the program prints. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSources } from "../support/source-tree.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/troubleshooting.md"), "utf8");
const texts = readSources(["src"]).map(({ text }) => text);

test("every message that is quoted is one that the program prints", () => {
  const messages = quotedMessages();
  assert.ok(messages.length > 40);
  for (const message of messages) {
    for (const part of message.split("…").map((each) => each.replace(/^[\s:,]+|[\s:,]+$/g, ""))) {
      if (part !== "") assert.ok(isPrinted(part), `nothing prints ${JSON.stringify(part)} of ${message}`);
    }
  }
});

test("a message that nothing prints is found out", () => {
  assert.equal(isPrinted("the sink is blocked: someone has to change something"), true);
  assert.equal(isPrinted("the sink is blocked: nobody has to change anything"), false);
});

/** What stands in backticks in the column of messages, in the tables that have one. */
function quotedMessages(): readonly string[] {
  const tables = page.split(/\n\n/).filter((part) => /^\|.*(?:it says|log says)/.test(part));
  return tables.flatMap((table) => {
    const [head = "", , ...rows] = table
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()));
    const column = head.indexOf("it says") + head.indexOf("the log says") + 1;
    return rows.flatMap((cells) =>
      [...(cells[column] ?? "").matchAll(/`([^`]+)`/g)].map(([, text]) => text!),
    );
  });
}

function isPrinted(part: string): boolean {
  return texts.some((text) => text.includes(part));
}
