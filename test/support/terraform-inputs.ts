/** The variables and outputs of deploy/terraform as its README lists them. */

/** A Markdown table of the variables in `hcl`, which is formatted by `terraform fmt`. */
export function inputsTable(hcl: string): string {
  const blocks = [...hcl.matchAll(/^variable "(\w+)" \{\n([\s\S]*?)^\}/gm)];
  const rows = blocks.map(([, name, body = ""]) => {
    const description = /^ {2}description = "(.*)"$/m.exec(body)?.[1] ?? "";
    const isObject = /^ {2}type = object/m.test(body);
    const type = isObject ? "object" : (/^ {2}type +=\s(.+)$/m.exec(body)?.[1] ?? "");
    const fallback = /^ {2}default += (.+)$/m.exec(body)?.[1] ?? "(needed)";
    return `| \`${name}\` | ${type} | \`${fallback}\` | ${description.replaceAll('\\"', '"')} |`;
  });
  return ["| input | type | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** A Markdown table of the outputs in `hcl`. */
export function outputsTable(hcl: string): string {
  const blocks = [...hcl.matchAll(/^output "(\w+)" \{\n {2}description = "(.*)"$/gm)];
  const rows = blocks.map(
    ([, name, description = ""]) => `| \`${name}\` | ${description.replaceAll('\\"', '"')} |`,
  );
  return ["| output | meaning |", "| --- | --- |", ...rows].join("\n");
}
