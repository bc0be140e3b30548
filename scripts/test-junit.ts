/** Reads the JUnit reports of node --test, bun test and deno test, each with its own habits. */

export type Status = "passed" | "failed" | "skipped";

export interface TestCase {
  readonly name: string;
  readonly status: Status;
  readonly seconds: number;
  /** Why it failed, or why it was skipped; empty where the runner does not say. */
  readonly detail: string;
}

const attribute = String.raw`[\w:-]+="[^"]*"`;
const attributes = String.raw`((?:\s+${attribute})*)\s*`;
const testCasePattern = new RegExp(`<testcase${attributes}(?:/>|>([\\s\\S]*?)</testcase>)`, "g");
const verdictPattern = new RegExp(
  `<(failure|error|skipped)${attributes}(?:/>|>([\\s\\S]*?)</(?:failure|error|skipped)>)`,
);

/** Every test case of a report, in its order. */
export function parseJUnit(xml: string): TestCase[] {
  return [...xml.matchAll(testCasePattern)].map(([, attributeText = "", body = ""]) => {
    const { name = "", time = "0" } = parseAttributes(attributeText);
    const verdict = verdictPattern.exec(body);
    const base = { name, seconds: Number(time) || 0 };
    if (verdict === null) return { ...base, status: "passed", detail: "" };
    const [, kind, verdictAttributes = "", text = ""] = verdict;
    const message = parseAttributes(verdictAttributes)["message"] ?? "";
    // Deno reports a test that ended the process as <error message="Cancelled"/>.
    if (kind === "skipped") return { ...base, status: "skipped", detail: message };
    return { ...base, status: "failed", detail: unescapeXml(text).trim() || message };
  });
}

function parseAttributes(text: string): Record<string, string> {
  const found = [...text.matchAll(/([\w:-]+)="([^"]*)"/g)];
  return Object.fromEntries(found.map(([, key = "", value = ""]) => [key, unescapeXml(value)]));
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeXml(text: string): string {
  const once = text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return entities[name] ?? whole;
  });
  // Node escapes the ampersand of its own &quot; once more.
  return once.replaceAll("&quot;", '"');
}

/** Reasons that a test printed itself as `# SKIP name: reason`, by name: Bun's and Deno's reports lose them. */
export function parsePrintedSkipReasons(output: string): Map<string, string> {
  const lines = [...output.matchAll(/^# SKIP (.+?): (.+)$/gm)];
  return new Map(lines.map(([, name = "", reason = ""]) => [name, reason]));
}
