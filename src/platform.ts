/** What a runtime gives the program. The three files of runtime/ implement it; nothing else names one. */
export interface Platform {
  /** `bun 1.4.5`, `deno 2.9.5`, `node 24.21.0`: for --version, logs and the User-Agent. */
  readonly name: string;
  /** The arguments behind the program's own name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output before it returns. A reader that is gone is no error. */
  writeOut(text: string): void;
  /** Writes to standard error before it returns. A reader that is gone is no error. */
  writeErr(text: string): void;
  /** Ends the process. */
  exit(code: number): never;
  /** Calls `run` for each SIGTERM and SIGINT, in place of the default end. */
  onStopSignal(run: (signal: string) => void): void;
  /** Calls `run` for each uncaught exception and unhandled rejection, in place of the default end. */
  onCrash(run: (error: unknown) => void): void;
  /** Starts an HTTP server. Rejects with a ConfigError when the address cannot be had, or TLS as it is asked for. */
  serve(options: ServeOptions): Promise<Listener>;
  /** Whether the password has this bcrypt hash, found out beside the event loop; undefined: the runtime has none. */
  readonly verifyBcrypt?: (password: Uint8Array, hash: string) => Promise<boolean>;
  /** The service manager that started the program and waits for word of it; undefined: none does. */
  readonly supervisor?: Supervisor | undefined;
  /** What the process has used so far. */
  readonly usage: () => ProcessUsage;
}

export interface ProcessUsage {
  /** In user and system, since the start. */
  readonly cpuSeconds: number;
  /** Memory that is in RAM now. */
  readonly residentBytes: number;
}

export interface Supervisor {
  /** Without a `WATCHDOG=1` for this long it ends the program; undefined: it does not. */
  readonly watchdogMs: number | undefined;
  /** Tells it `READY=1` and the like, all at once. Rejects when it cannot be told. */
  tell(states: readonly string[]): Promise<void>;
}

export interface ServeOptions {
  /** Undefined: all addresses, IPv6 and IPv4. */
  readonly hostname: string | undefined;
  /** 0: any free port. */
  readonly port: number;
  readonly fetch: (request: Request, peer: Peer) => Response | Promise<Response>;
  /** Undefined: plain HTTP. */
  readonly tls?: TlsOptions | undefined;
}

export const clientAuths = ["none", "request", "require", "verify-if-given", "require-and-verify"] as const;
/** What is asked of a client's certificate; only the two that verify prove anything. */
export type ClientAuth = (typeof clientAuths)[number];
export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** How connections are encrypted, and who may connect. Certificates and keys are PEM texts. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  readonly clientAuth: ClientAuth;
  /** The authorities of clients, where they are verified. */
  readonly clientCa: string | undefined;
  /** A client's certificate has one of these as subject alternative name: DNS, e-mail, IP or URI. */
  readonly clientAllowedSans: readonly string[] | undefined;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** For TLS 1.2, by the names OpenSSL has for them; undefined: what the runtime prefers. */
  readonly ciphers: readonly string[] | undefined;
  /** By the names OpenSSL has for them; undefined: what the runtime prefers. */
  readonly curves: readonly string[] | undefined;
  readonly preferServerCiphers: boolean;
}

/** Who is at the other end of the connection. */
export interface Peer {
  readonly address: string | undefined;
}

export interface Listener {
  readonly port: number;
  /** Accepts no more connections; resolves when the requests under way are answered. */
  drain(): Promise<void>;
  /** Closes what is still open. */
  close(): Promise<void>;
  /**
   * New connections are encrypted like this, those there are end with their next answer. Rejects with a ConfigError,
   * and changes nothing, where that cannot be: also where the server was started without TLS.
   */
  changeTls(tls: TlsOptions): Promise<void>;
}
