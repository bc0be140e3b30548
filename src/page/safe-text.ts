/**
 * Texts from outside, fit to be read: bounded, on one line, without what changes the text around them, and without
 * what looks like a secret. Escaping for HTML is not done here: the html helper does it to every text.
 */

const replacement = "\uFFFD";
// Controls (line ends and tabs are spaces), and marks that turn the direction of writing around:
// https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
const controls = /[\p{Cc}\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu;
const spaces = /[\t\n\r]+/g;
const loneSurrogates = /\p{Surrogate}/gu;

/** Looked at for secrets behind the cut, so that none is cut in half and shown. */
const lookAheadChars = 1_000;

/** At most `charsMax` characters of `text`; what was cut off is told by `…`. */
export function plain(text: string, charsMax = 200): string {
  const shown = withoutSecrets(text.slice(0, charsMax + lookAheadChars).replace(spaces, " "));
  const cut = shown.length > charsMax ? `${shown.slice(0, charsMax - 1)}…` : shown;
  return cut.replace(controls, replacement).replace(loneSurrogates, replacement);
}

const secrets: readonly (readonly [pattern: RegExp, instead: string])[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}/g, "[access key]"],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, "$1 [hidden]"],
  [/\/\/[^\s/@:]*:[^\s/@]*@/g, "//[hidden]@"],
  [
    /\b(Signature|Credential|X-Amz-Security-Token|X-Amz-Signature|X-Amz-Credential)=[^\s,&"]+/gi,
    "$1=[hidden]",
  ],
  [/((?:passw|secret|token|access_?key)[\w-]{0,40})(["']?\s*[=:]\s*["']?)[^\s,&"']{4,}/gi, "$1$2[hidden]"],
];

function withoutSecrets(text: string): string {
  return secrets.reduce((left, [pattern, instead]) => left.replace(pattern, instead), text);
}
