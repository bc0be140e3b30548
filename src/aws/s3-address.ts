/**
 * Where a bucket and its objects are.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */

/**
 * The URL of a bucket, without a slash at its end. The bucket's name goes into the host's, as AWS wants it; into the
 * path where `pathStyle` asks for it, where the host is an address or localhost (no name can go before it), or where
 * the bucket's name has dots (no certificate of the service covers them).
 */
export function bucketUrl(endpoint: URL, bucket: string, pathStyle: boolean): string {
  const { protocol, host, hostname } = endpoint;
  const path = endpoint.pathname.replace(/\/+$/, "");
  if (pathStyle || bucket.includes(".") || takesNoName(hostname))
    return `${protocol}//${host}${path}/${bucket}`;
  return `${protocol}//${bucket}.${host}${path}`;
}

/** The key as it stands in a URL: all but letters, digits, `-._~` and the slashes is escaped. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeName).join("/");
}

/** A name or value as it stands in a URL. */
export function encodeName(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function takesNoName(hostname: string): boolean {
  return hostname === "localhost" || hostname.startsWith("[") || /^\d+(?:\.\d+){3}$/.test(hostname);
}
