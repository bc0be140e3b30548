import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { certificateNames, comparableName } from "../../src/runtime/certificate-names.ts";

// Self-signed, by OpenSSL: DNS:prom.example, email:a@b.example, URI:spiffe://x/y, IP:192.0.2.7, IP:2001:db8::7.
const withNames = `-----BEGIN CERTIFICATE-----
MIIBxDCCAWmgAwIBAgIUSeeIIxF04c5uAzmsUirOMZ2IZ4UwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxMzM4MzNaGA8yMTI2MTAzMDEzMzgz
M1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABI3r
dkH0vfjMC20BxsemqDBdji6/p6aDCDa5cjEbKp9lTRUiapCQ/sa5qnomuSHR4vs6
JacUwfvwNJx6netkumqjgaAwgZ0wHQYDVR0OBBYEFBjBNcXswd/D7w+pe+atP5nG
MMJZMB8GA1UdIwQYMBaAFBjBNcXswd/D7w+pe+atP5nGMMJZMA8GA1UdEwEB/wQF
MAMBAf8wSgYDVR0RBEMwQYIMcHJvbS5leGFtcGxlgQthQGIuZXhhbXBsZYYMc3Bp
ZmZlOi8veC95hwTAAAIHhxAgAQ24AAAAAAAAAAAAAAAHMAoGCCqGSM49BAMCA0kA
MEYCIQCr6qjVINWzTsjPNsELfodOKpQELULpePNRGz4VOoo7aQIhALsRDc/7t87t
80/SP8Zq33DqnU8NcZ6n0edWUMyWhNua
-----END CERTIFICATE-----`;
const withoutNames = `-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUcGem3sT6saEtzltcfACvppXwkfgwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxMzM4MzNaGA8yMTI2MTAzMDEzMzgz
M1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAy4
4GFRcsh+JE5Wo0Oh8UlMwWTUKLrNv+3BM+EqmnOKCFD1YV9O0JsBG6+kds0lEKjy
zqGg0lC8SS6pSaNxHWqjUzBRMB0GA1UdDgQWBBTQ3fiMNCHzxoYxyA49wh/3ctNp
hTAfBgNVHSMEGDAWgBTQ3fiMNCHzxoYxyA49wh/3ctNphTAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQDNPV2xqvkn0ekizilhQfuXJN47oyQVd5Af
G/L5BU0IJAIhAOIFnVHp8EJWhwTvwKhFY+qA/A8YyvfEHxVdsPRxvN+G
-----END CERTIFICATE-----`;
// URI:http://x, DNS:good.example as ONE uri: a name that reads like two.
const withTrick = `-----BEGIN CERTIFICATE-----
MIIBajCCARCgAwIBAgIUK+x2qZ77m1DHzQBxxNsrIC2CqsAwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxMzQwMjZaGA8yMTI2MTAzMDEzNDAy
NlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOOJ
KP1uQwDfBjwIWz7Qsb6wRRtBPs5IF9JhQEGDDPVSfSNyWppVoUrSHluPkwRCAI6Q
0MTP4QVTEcBaWaCjlwmjSDBGMCUGA1UdEQQeMByGGmh0dHA6Ly94LCBETlM6Z29v
ZC5leGFtcGxlMB0GA1UdDgQWBBSBiwna2O7JuQ9h4Jvp8k7l81pcZTAKBggqhkjO
PQQDAgNIADBFAiAF5hKusadqrzMtzGqZp7uyhjKs//a94taXa6On0OPWJAIhALrq
/BcOuu2MSMXWA/g/Pp6VxRNPTA4EXjZ5sCzwxoHX
-----END CERTIFICATE-----`;

const der = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);

test("a certificate's names of all four kinds are read from its bytes", () => {
  assert.deepEqual(certificateNames(der(withNames)), [
    "prom.example",
    "a@b.example",
    "spiffe://x/y",
    "192.0.2.7",
    "2001:db8::7",
  ]);
});

test("a certificate without names has none", () => {
  assert.deepEqual(certificateNames(der(withoutNames)), []);
});

test("one name that reads like two stays one", () => {
  assert.deepEqual(certificateNames(der(withTrick)), ["http://x, DNS:good.example"]);
});

test("bytes that are cut off anywhere, or changed, end in a RangeError or in names, never in a hang", () => {
  const whole = der(withNames);
  for (let at = 0; at < whole.length; at++) {
    for (const bytes of [whole.subarray(0, at), whole.with(at, whole[at]! ^ 0xff)]) {
      try {
        certificateNames(bytes);
      } catch (error) {
        assert.ok(error instanceof RangeError, `${at}: ${error}`);
      }
    }
  }
});

test("IPv6 addresses compare however they are written; what only looks like one stays as it is", () => {
  assert.equal(comparableName("2001:DB8:0:0:0:0:0:7"), "2001:db8::7");
  assert.equal(comparableName("192.0.2.7"), "192.0.2.7");
  assert.equal(comparableName("1:2"), "1:2");
  assert.equal(comparableName("prom.example"), "prom.example");
});
