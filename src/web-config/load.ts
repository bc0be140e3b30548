/** A web config and the files it names, read together. */
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigError } from "../errors.ts";
import type { TlsOptions } from "../platform.ts";
import { sha256Hex } from "../wire/hex.ts";
import type { Pem, TlsSettings } from "./tls-settings.ts";
import { type RateLimit, readWebConfig, unreadable } from "./web-config.ts";

/** Who may do what over HTTP. Another object whenever something has changed. */
export interface Access {
  /** bcrypt hashes of passwords, by user. */
  readonly users: ReadonlyMap<string, string>;
  /** SHA-256 of bearer tokens in lower-case hex, by the name of who has it. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Paths that need neither. */
  readonly openPaths: ReadonlySet<string>;
  /** For every answer. */
  readonly headers: ReadonlyMap<string, string>;
  readonly rateLimit: RateLimit | undefined;
}

export interface LoadedWebConfig {
  readonly tls: TlsOptions | undefined;
  readonly access: Access;
}

const fileBytesMax = 4 * 1024 * 1024;
/** Shorter ones could be guessed. */
const tokenCharsMin = 16;

/** Reads the web config at `path`; other paths in it are relative to its directory. Rejects with a ConfigError. */
export async function loadWebConfig(path: string): Promise<LoadedWebConfig> {
  const config = readWebConfig(await readText("the web config", path), path);
  const directory = dirname(path);
  const { tls, users, tokens, tokenFiles, openPaths, headers, rateLimit } = config;
  const fromFiles = await Promise.all(
    [...tokenFiles].map(async ([name, file]) => [name, await readToken(resolve(directory, file))] as const),
  );
  return {
    tls: tls && (await readTls(tls, directory)),
    access: {
      users,
      tokens: new Map([...tokens, ...fromFiles]),
      openPaths: new Set(openPaths),
      headers,
      rateLimit,
    },
  };
}

async function readTls(settings: TlsSettings, directory: string): Promise<TlsOptions> {
  const read = ({ file, text = "" }: Pem, what: string) =>
    file === undefined ? text : readText(what, resolve(directory, file));
  const { clientCa } = settings;
  return {
    ...settings,
    cert: await read(settings.cert, "cert_file"),
    key: await read(settings.key, "key_file"),
    clientCa: clientCa && (await read(clientCa, "client_ca_file")),
  };
}

async function readToken(path: string): Promise<string> {
  const token = (await readText("the bearer token in", path)).trim();
  if (token.length < tokenCharsMin || /\s/.test(token)) {
    const needed = `one token of at least ${tokenCharsMin} characters`;
    throw new ConfigError(1, `${JSON.stringify(path)} is to hold ${needed}: openssl rand -hex 32 makes one`);
  }
  return sha256Hex(token);
}

async function readText(what: string, path: string): Promise<string> {
  try {
    // A pipe or a device that somebody names could be waited for for good.
    const { size, isFile } = await stat(path).then((found) => ({ size: found.size, isFile: found.isFile() }));
    if (!isFile) throw new ConfigError(1, `cannot read ${what} ${JSON.stringify(path)}: it is no file`);
    if (size > fileBytesMax)
      throw new ConfigError(1, `${JSON.stringify(path)} has more than ${fileBytesMax} bytes`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unreadable(what, path, error);
  }
}
