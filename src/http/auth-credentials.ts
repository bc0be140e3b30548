/** What an Authorization header holds. https://www.rfc-editor.org/rfc/rfc7617 and rfc6750 */

export type Credentials =
  | { readonly kind: "basic"; readonly user: string; readonly password: Uint8Array }
  | { readonly kind: "bearer"; readonly token: string };

const colon = 0x3a;

/** Undefined: the header is neither of the two. */
export function readCredentials(header: string): Credentials | undefined {
  const [, scheme = "", value = ""] = /^([a-z]+) +([^\s]+) *$/i.exec(header) ?? [];
  if (scheme.toLowerCase() === "bearer") return { kind: "bearer", token: value };
  if (scheme.toLowerCase() !== "basic") return undefined;
  const bytes = fromBase64(value);
  const end = bytes?.indexOf(colon) ?? -1;
  // An empty password is none: not every bcrypt agrees on its hash.
  if (bytes === undefined || end < 0 || end + 1 === bytes.length) return undefined;
  const user = new TextDecoder().decode(bytes.subarray(0, end));
  return { kind: "basic", user, password: bytes.subarray(end + 1) };
}

function fromBase64(text: string): Uint8Array | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
