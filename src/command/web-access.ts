/** Who may reach the program over HTTP: what --web-config-file says, also after it has changed. */
import type { Config } from "../config/config.ts";
import { ConfigError } from "../errors.ts";
import { createGuard, type Guard } from "../http/guard.ts";
import type { Log } from "../log.ts";
import type { Listener, TlsOptions } from "../platform.ts";
import type { LoadedWebConfig } from "../web-config/load.ts";
import { watchWebConfig } from "../web-config/watch.ts";
import type { Surroundings } from "./surroundings.ts";

export interface WebAccess {
  /** Undefined: plain HTTP. */
  readonly tls: TlsOptions | undefined;
  /** Undefined: everything is open to all. */
  readonly guard: Guard | undefined;
  /** Warns of what is open to others, once it is. */
  tellOfExposure(): void;
  /** Changes what `listener` does whenever the web config changes. The answer ends it. */
  watch(listener: Listener): () => void;
}

/** Reads the web config, if there is one. Rejects with a ConfigError that says what is wrong with it. */
export async function openWebAccess(surroundings: Surroundings): Promise<WebAccess> {
  const { config, platform, clock, log, outageLog, metrics } = surroundings;
  const { webConfigFile: file } = config;
  let held = file === undefined ? undefined : await load(file);
  const guard = createGuard({
    ...config,
    access: () => held?.access,
    verifyBcrypt: platform.verifyBcrypt,
    clock,
    log: outageLog,
    metrics: metrics.guard,
  });
  return {
    tls: held?.tls,
    guard,
    tellOfExposure: () => tellOfExposure(config.listen.hostname, held, log),
    watch(listener) {
      if (file === undefined || held === undefined) return () => undefined;
      return watchWebConfig({
        first: held,
        load: () => load(file),
        async apply(config) {
          await changeTls(listener, held?.tls, config.tls);
          held = config;
        },
        clock,
        log,
        metrics: metrics.webConfig,
      });
    },
  };
}

/** Who has no web config needs no reader of YAML either. */
async function load(file: string): Promise<LoadedWebConfig> {
  const { loadWebConfig } = await import("../web-config/load.ts");
  return loadWebConfig(file);
}

async function changeTls(listener: Listener, from: TlsOptions | undefined, to: TlsOptions | undefined) {
  if (JSON.stringify(from) === JSON.stringify(to)) return;
  if (to === undefined) throw new ConfigError(1, "TLS ends with the next start only: this one was with it");
  await listener.changeTls(to);
}

/** Says what is open to others, and what to do about it. */
export function tellOfExposure(
  hostname: Config["listen"]["hostname"],
  held: LoadedWebConfig | undefined,
  log: Log,
): void {
  if (hostname !== undefined && /^(?:localhost|127\.[0-9.]+|::1)$/i.test(hostname)) return;
  const { tls, access } = held ?? {};
  const knowsClients = (access?.users.size ?? 0) + (access?.tokens.size ?? 0) > 0;
  if (!knowsClients && tls?.clientAuth !== "require-and-verify") {
    log.warn("anyone who can reach this port may write to the archive: there is no authentication", {
      do: "--listen-addr 127.0.0.1:9501 for this machine alone, or --web-config-file with users or tokens",
    });
  } else if (tls === undefined) {
    log.warn("passwords and tokens cross the network unencrypted: the web config has no tls_server_config", {
      do: "add tls_server_config with cert_file and key_file, or put a proxy with TLS in front",
    });
  }
}
