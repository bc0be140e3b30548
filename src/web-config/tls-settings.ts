/** `tls_server_config` of a web config: names as Go has them, in the words of the platform. */
import type { ClientAuth, TlsOptions, TlsVersion } from "../platform.ts";
import type { Fields } from "./yaml-fields.ts";

/** A PEM text, or the file it is in. */
export interface Pem {
  readonly file?: string;
  readonly text?: string;
}

/** The platform's options before the files are read. */
export interface TlsSettings extends Omit<TlsOptions, "cert" | "key" | "clientCa"> {
  readonly cert: Pem;
  readonly key: Pem;
  readonly clientCa: Pem | undefined;
}

/** https://pkg.go.dev/crypto/tls#ClientAuthType */
const clientAuths: Readonly<Record<string, ClientAuth>> = {
  NoClientCert: "none",
  RequestClientCert: "request",
  RequireAnyClientCert: "require",
  // Its name of old.
  RequireClientCert: "require",
  VerifyClientCertIfGiven: "verify-if-given",
  RequireAndVerifyClientCert: "require-and-verify",
};

const versions: Readonly<Record<string, TlsVersion>> = { TLS12: "TLSv1.2", TLS13: "TLSv1.3" };
const oldVersions = ["TLS10", "TLS11"];

/** https://pkg.go.dev/crypto/tls#CipherSuites, and what OpenSSL calls them; those of TLS 1.3 are always on. */
const cipherSuites: Readonly<Record<string, string | undefined>> = {
  TLS_AES_128_GCM_SHA256: undefined,
  TLS_AES_256_GCM_SHA384: undefined,
  TLS_CHACHA20_POLY1305_SHA256: undefined,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "ECDHE-ECDSA-AES128-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "ECDHE-ECDSA-AES256-SHA",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: "ECDHE-RSA-AES128-SHA",
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: "ECDHE-RSA-AES256-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
};

const curveNames: Readonly<Record<string, string>> = {
  CurveP256: "P-256",
  CurveP384: "P-384",
  CurveP521: "P-521",
  X25519: "X25519",
};

/** Undefined: nothing asks for TLS. Throws a ConfigError for what cannot be, or would be less safe than it looks. */
export function readTlsSettings(fields: Fields): TlsSettings | undefined {
  const cert = readPem(fields, "cert");
  const key = readPem(fields, "key");
  const clientCa = readPem(fields, "client_ca");
  const authName = fields.text("client_auth_type");
  const clientAuth = clientAuths[authName ?? "NoClientCert"];
  const minVersion = readVersion(fields, "min_version", "TLSv1.2");
  const maxVersion = readVersion(fields, "max_version", "TLSv1.3");
  const suites = readNames(fields, "cipher_suites", cipherSuites);
  const curves = readNames(fields, "curve_preferences", curveNames);
  const preferServerCiphers = fields.boolean("prefer_server_cipher_suites", true);
  const sans = fields.list("client_allowed_sans");
  fields.end();
  const asksForTls = [cert, key, clientCa, authName, sans].some((each) => each !== undefined);
  if (!asksForTls) return undefined;
  if (cert === undefined) throw fields.error("cert_file", "is missing: TLS needs cert_file or cert");
  if (key === undefined) throw fields.error("key_file", "is missing: TLS needs key_file or key");
  if (clientAuth === undefined) {
    throw fields.error("client_auth_type", `is to be one of ${Object.keys(clientAuths).join(", ")}`);
  }
  if (minVersion > maxVersion) throw fields.error("min_version", "is above max_version");
  const client = { clientAuth, clientCa, clientAllowedSans: sans };
  checkClientAuth(fields, client);
  const ciphers = suites?.filter((name) => name !== undefined);
  if (ciphers?.length === 0 && maxVersion === "TLSv1.2") {
    throw fields.error("cipher_suites", "leaves no suite for TLS 1.2, and max_version is TLS12");
  }
  return {
    cert,
    key,
    ...client,
    minVersion,
    maxVersion,
    ciphers: ciphers?.length === 0 ? undefined : ciphers,
    curves: curves?.filter((name) => name !== undefined),
    preferServerCiphers,
  };
}

/** What would let in others than whoever wrote the file thinks is refused. */
function checkClientAuth(
  fields: Fields,
  {
    clientAuth,
    clientCa,
    clientAllowedSans,
  }: Pick<TlsSettings, "clientAuth" | "clientCa" | "clientAllowedSans">,
): void {
  const verifies = clientAuth === "verify-if-given" || clientAuth === "require-and-verify";
  if (clientCa !== undefined && clientAuth === "none") {
    throw fields.error("client_ca_file", "does nothing without client_auth_type: RequireAndVerifyClientCert");
  }
  if (clientCa === undefined && verifies) {
    throw fields.error("client_auth_type", "verifies nothing without client_ca_file");
  }
  if (clientAllowedSans !== undefined && !verifies) {
    throw fields.error("client_allowed_sans", "needs client_auth_type: RequireAndVerifyClientCert");
  }
}

function readPem(fields: Fields, key: string): Pem | undefined {
  const file = fields.text(`${key}_file`);
  const text = fields.text(key);
  if (file !== undefined) return { file };
  return text === undefined ? undefined : { text };
}

function readVersion(fields: Fields, key: string, preset: TlsVersion): TlsVersion {
  const name = fields.text(key);
  if (name === undefined) return preset;
  const version = Object.hasOwn(versions, name) ? versions[name] : undefined;
  if (version !== undefined) return version;
  const why = oldVersions.includes(name) ? `: ${name} is not safe any more` : "";
  throw fields.error(key, `is to be TLS12 or TLS13${why}`);
}

function readNames(
  fields: Fields,
  key: string,
  known: Readonly<Record<string, string | undefined>>,
): readonly (string | undefined)[] | undefined {
  const names = fields.list(key);
  if (names === undefined || names.length === 0) return undefined;
  return names.map((name) => {
    if (!Object.hasOwn(known, name)) {
      throw fields.error(key, `has an unknown name: there are ${Object.keys(known).join(", ")}`);
    }
    return known[name];
  });
}
