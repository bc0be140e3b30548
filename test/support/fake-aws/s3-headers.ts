/** Headers that S3 keeps with an object and gives back with it. */

const kept =
  /^(content-(type|encoding|disposition|language)|cache-control|expires|x-amz-storage-class|x-amz-meta-.+)$/;

export function keptHeaders(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined || !kept.test(name)) return [];
    if (name !== "content-encoding") return [[name, value] as const];
    // How it was sent is not how it is.
    const coding = value
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== "aws-chunked" && each !== "");
    return coding.length === 0 ? [] : [[name, coding.join(",")] as const];
  });
  return Object.fromEntries(entries);
}
