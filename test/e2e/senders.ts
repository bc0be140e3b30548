/** The two senders of the end-to-end tests. */
import { nodeExporter, prometheus2, prometheus3, promtool2, promtool3 } from "../support/prometheus.ts";
import type { Sender } from "./scenario.ts";

const needed = { prometheus2, promtool2, prometheus3, promtool3, nodeExporter };

/** Why the tests with real senders are skipped; false when all is here. */
export const missingSenders: string | false =
  Object.values(needed)
    .map(({ missing }) => missing)
    .filter((reason) => reason !== false)
    .join("; ") || false;

/** Debian's Prometheus 2: remote write 1.0. */
export const sender1: Sender = {
  name: "remote write 1.0",
  path: prometheus2.path,
  // The promtool of 2.42 dumps no histograms.
  promtoolPath: promtool3.path,
  writePath: "/receive",
  flags: ["--enable-feature=exemplar-storage,native-histograms"],
  globalConfig: {},
  remoteWriteConfig: { metadata_config: { send: true, send_interval: "3s", max_samples_per_send: 100 } },
  targetPath: "/plain",
  targetJobs: [],
};

/**
 * Prometheus 3: remote write 2.0 with start timestamps, custom buckets, UTF-8 names and metadata. The last by way of
 * type-and-unit-labels: 3.14 accepts the flag metadata-wal-records, but its server never hands it to its storage.
 */
export const sender2: Sender = {
  name: "remote write 2.0",
  path: prometheus3.path,
  promtoolPath: promtool3.path,
  writePath: "/api/v1/write",
  flags: ["--enable-feature=exemplar-storage,st-storage,xor2-encoding,type-and-unit-labels"],
  globalConfig: { scrape_native_histograms: true },
  remoteWriteConfig: { protobuf_message: "io.prometheus.write.v2.Request" },
  targetPath: "/utf8",
  targetJobs: [
    { job_name: "target-custom-buckets", metrics_path: "/buckets", convert_classic_histograms_to_nhcb: true },
  ],
};
