/** A YAML file read key by key: what nobody asks for is an error, and no error shows a value, which may be a secret. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument } from "yaml";
import { ConfigError } from "../errors.ts";

/** Words that YAML 1.1, in which such files are read elsewhere, takes for truth values. */
const trueWords = /^(?:y|yes|true|on)$/i;
const falseWords = /^(?:n|no|false|off)$/i;
/** Nobody needs more of these than this; each could stand for all before it. */
const aliasesMax = 100;

interface Source {
  /** What to call the file in errors. */
  readonly name: string;
  readonly lines: LineCounter;
  readonly resolve: (node: unknown) => unknown;
}

/** One mapping of the file. */
export class Fields {
  private readonly source: Source;
  /** Where the mapping stands: empty, or `tls_server_config.`. */
  private readonly prefix: string;
  private readonly pairs = new Map<string, Pair>();
  private readonly asked = new Set<string>();

  constructor(source: Source, node: unknown, prefix: string) {
    this.source = source;
    this.prefix = prefix;
    for (const pair of isMap(node) ? node.items : []) this.pairs.set(this.readKey(pair.key), pair);
  }

  /** The texts of a mapping whose keys are free: names of users, say. */
  texts(key: string): ReadonlyMap<string, string> {
    const fields = this.mapping(key);
    return new Map([...fields.pairs.keys()].map((name) => [name, fields.text(name) ?? ""]));
  }

  /** The mapping at `key`; without any key where there is none. */
  mapping(key: string): Fields {
    const node = this.node(key);
    const isNone = node === undefined || (isScalar(node) && node.value === null);
    if (!isNone && !isMap(node)) throw this.error(key, "is to be a mapping");
    return new Fields(this.source, node, `${this.prefix}${key}.`);
  }

  /** The text at `key`, as it stands there; undefined where it is empty or not there. */
  text(key: string): string | undefined {
    const node = this.node(key);
    if (node === undefined) return undefined;
    return this.readScalar(node, key) || undefined;
  }

  boolean(key: string, preset: boolean): boolean {
    const text = this.text(key);
    if (text === undefined || trueWords.test(text)) return text === undefined ? preset : true;
    if (falseWords.test(text)) return false;
    throw this.error(key, "is to be true or false");
  }

  list(key: string): readonly string[] | undefined {
    const node = this.node(key);
    if (node === undefined || (isScalar(node) && node.value === null)) return undefined;
    if (!isSeq(node)) throw this.error(key, "is to be a list");
    return node.items.map((item) => this.readScalar(this.source.resolve(item), key));
  }

  /** Refuses keys that nothing has asked for. */
  end(): void {
    for (const key of this.pairs.keys()) {
      if (!this.asked.has(key)) {
        throw this.error(key, `is no key there is: there are ${[...this.asked].join(", ")}`);
      }
    }
  }

  /** An error that names the key, and the line where it stands. */
  error(key: string, problem: string): ConfigError {
    const start = (this.pairs.get(key)?.key as { range?: readonly number[] } | undefined)?.range?.[0];
    const line = start === undefined ? "" : `:${this.source.lines.linePos(start).line}`;
    return new ConfigError(1, `${this.source.name}${line}: ${this.prefix}${key} ${problem}`);
  }

  private node(key: string): unknown {
    this.asked.add(key);
    return this.source.resolve(this.pairs.get(key)?.value ?? undefined);
  }

  private readKey(node: unknown): string {
    const key = this.source.resolve(node);
    if (!isScalar(key)) throw new ConfigError(1, `${this.source.name}: ${this.prefix || "a key"} is no text`);
    return key.source ?? String(key.value);
  }

  private readScalar(node: unknown, key: string): string {
    if (!isScalar(node)) throw this.error(key, "is to be one text");
    if (node.value === null) return "";
    return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
  }
}

/** The mapping that a file is, which may be empty. Throws a ConfigError with line and problem for what is no YAML. */
export function readYaml(text: string, name: string): Fields {
  const lines = new LineCounter();
  // What the parser says by itself quotes the file.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, logLevel: "error" });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new ConfigError(1, `${name}:${line}: is no YAML at column ${col} (${problem.code})`);
  }
  let aliases = 0;
  const resolve = (node: unknown): unknown => {
    if (!isAlias(node)) return node;
    aliases++;
    if (aliases > aliasesMax) throw new ConfigError(1, `${name}: more than ${aliasesMax} aliases`);
    return node.resolve(document);
  };
  const { contents } = document;
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null);
  if (!isEmpty && !isMap(contents)) throw new ConfigError(1, `${name}: is no mapping of keys to values`);
  return new Fields({ name, lines, resolve }, contents, "");
}
