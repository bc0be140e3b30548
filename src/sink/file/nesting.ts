import { relative, resolve, sep } from "node:path";

/** Whether `inner` is `outer` or below it, by their names alone: links are not followed. */
export function isWithin(inner: string, outer: string): boolean {
  const way = relative(resolve(outer), resolve(inner));
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`));
}
