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
  /** Starts an HTTP server. Rejects with a ConfigError when the address cannot be had. */
  serve(options: ServeOptions): Promise<Listener>;
}

export interface ServeOptions {
  /** Undefined: all addresses, IPv6 and IPv4. */
  readonly hostname: string | undefined;
  /** 0: any free port. */
  readonly port: number;
  readonly fetch: (request: Request, peer: Peer) => Response | Promise<Response>;
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
}
