/** TLS options as `node:tls` takes them, checked first: not every runtime looks at all of them. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { TlsOptions as NodeTlsOptions } from "node:tls";
import { ConfigError } from "../errors.ts";
import type { TlsOptions } from "../platform.ts";

/** A suite of TLS 1.3 cannot be chosen in Go either: they are all on. */
const tls13Ciphers = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const handshakeTimeoutMs = 10_000;
const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** What is peculiar to a runtime's TLS. */
export interface TlsHabits {
  /** Connections of its `node:https` tell of the client's certificate. */
  readonly httpsKnowsCertificates: boolean;
  /** Sessions can be resumed with any server of the process, and count as verified then. */
  readonly sessionsOutliveServers?: boolean;
  /** It passes over ciphers and curves in silence: what to say instead; undefined: it does not. */
  readonly noChoice?: string;
}

/** The options for a context or a server. Throws a ConfigError for what is wrong, or what the runtime cannot do. */
export function tlsContext(tls: TlsOptions, habits: TlsHabits): NodeTlsOptions {
  checkCertificate(tls);
  if (habits.noChoice !== undefined && (tls.ciphers !== undefined || tls.curves !== undefined)) {
    throw new ConfigError(1, habits.noChoice);
  }
  return {
    cert: tls.cert,
    key: tls.key,
    ...(tls.clientCa === undefined ? {} : { ca: [...certificatesOf(tls.clientCa, "client_ca_file")] }),
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    ...(tls.ciphers === undefined ? {} : { ciphers: [...tls13Ciphers, ...tls.ciphers].join(":") }),
    ...(tls.curves === undefined ? {} : { ecdhCurve: tls.curves.join(":") }),
    honorCipherOrder: tls.preferServerCiphers,
    ALPNProtocols: ["http/1.1"],
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: tls.clientAuth !== "none",
    // Who may stay is decided once the handshake is over, in one place for all kinds of client authentication.
    rejectUnauthorized: false,
  };
}

function checkCertificate({ cert, key }: TlsOptions): void {
  const [first = ""] = certificatesOf(cert, "the certificate");
  const certificate = new X509Certificate(first);
  let fits: boolean;
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    // What the parser says could quote the key.
    throw new ConfigError(1, "the key is no unencrypted private key in PEM");
  }
  if (!fits) throw new ConfigError(1, "the key is not the one of the certificate");
}

function certificatesOf(pem: string, what: string): readonly string[] {
  const found = pem.match(certificatePattern) ?? [];
  if (found.length === 0) throw new ConfigError(1, `${what} holds no certificate in PEM`);
  for (const [at, each] of found.entries()) {
    try {
      void new X509Certificate(each);
    } catch (error) {
      throw new ConfigError(1, `${what}: certificate ${at + 1} cannot be read`, { cause: error });
    }
  }
  return found;
}
