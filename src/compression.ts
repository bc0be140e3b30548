/** How lines can be compressed: records on their way to AWS, files when they are finished. */

export const compressions = ["none", "gzip", "zstd"] as const;
export type Compression = (typeof compressions)[number];

/** Levels at which more effort gains little on lines. */
export const gzipLevel = 2;
export const zstdLevel = 2;
