/** Rows of the dashboard: what comes in, and whether and how fast it becomes durable. */
import { by, lines, quantile, type Row, rate, stat } from "./dashboard-panels.ts";

export const isDurable: Row = {
  title: "Is it durable?",
  panels: [
    stat("Samples made durable", "short", by("sum", rate("P_samples_written_total")), {
      description:
        "Samples a second for which Prometheus got its 2xx: they are in the sink, or in the spool.",
    }),
    stat(
      "Requests not taken",
      "percentunit",
      `${by("sum", `rate(P_requests_total{,code=~"5.."}[$__rate_interval])`)}
  / (${by("sum", rate("P_requests_total"))} > 0)
  or ${by("sum", "P_build_info{}")} * 0`,
      {
        description: "Answered with 5xx: the sender has them still, for about two hours.",
        limits: { yellow: 0.001, red: 0.05 },
      },
    ),
    stat("Sink", "short", "P_sink_blocked{}", {
      description: "Blocked: someone has to change something. /-/ready says what.",
      names: { "0": { text: "takes lines", color: "green" }, "1": { text: "BLOCKED", color: "red" } },
      limits: { red: 1 },
    }),
    stat("Memory for pending lines", "percentunit", "P_pending_bytes{} / (P_pending_limit_bytes{} > 0)", {
      description: "Lines taken and not yet durable, of --pending-bytes. Full: 503.",
      limits: { yellow: 0.5, red: 0.9 },
    }),
    stat("Oldest in the spool", "s", "P_spool_oldest_age_seconds{}", {
      description:
        "Durable on this host's disk only. Seconds with kinesis and firehose, --rotate-age with s3.",
      limits: { yellow: 900, red: 3600 },
    }),
    stat(
      "Acknowledged and lost",
      "short",
      by("sum", "P_samples_dropped_total{} + P_histograms_dropped_total{}") +
        " + " +
        by("sum", "P_spool_dropped_bytes_total{}"),
      {
        description: "Stays 0, unless --spool-full drop-oldest removed lines (counted in bytes).",
        limits: { red: 1 },
      },
    ),
  ],
};

export const rates: Row = {
  title: "Rates",
  panels: [
    lines(
      "Received and made durable",
      "short",
      {
        received: by("sum", rate("P_samples_received_total")),
        durable: by("sum", rate("P_samples_written_total")),
        "histograms received": by("sum", rate("P_histograms_received_total")),
        "histograms durable": by("sum", rate("P_histograms_written_total")),
        "exemplars durable": by("sum", rate("P_exemplars_written_total")),
        "metadata durable": by("sum", rate("P_metadata_written_total")),
      },
      "Items a second. Received above durable for long: see Latency and Puts.",
    ),
    lines(
      "Answers",
      "reqps",
      {
        "{{code}} {{proto}}": `sum by (instance, code, proto) (${rate("P_requests_total")})`,
      },
      "204: durable. 400: something was refused, and the sender drops it. 503: sent again.",
    ),
    lines(
      "Refused and failed",
      "short",
      {
        "refused: {{reason}}": `sum by (instance, reason) (${rate("P_samples_rejected_total")})`,
        "failed: {{reason}}": `sum by (instance, reason) (${rate("P_samples_failed_total")})`,
      },
      "Samples a second: refused with 400, which the sender drops; failed with 5xx, which it sends again.",
    ),
    lines(
      "Bytes",
      "Bps",
      {
        lines: by("sum", rate("P_raw_bytes_total")),
        put: by("sum", rate("P_sent_bytes_total")),
      },
      "Lines as text, and what went to the sink once compressed.",
    ),
    lines(
      "Compression",
      "short",
      {
        times: `${by("sum", rate("P_raw_bytes_total"))} / ${by("sum", rate("P_sent_bytes_total"))}`,
      },
      "How many times smaller compression makes it; 1 without.",
    ),
    lines(
      "Bytes per sample",
      "bytes",
      {
        put: `${by("sum", rate("P_sent_bytes_total"))} / ${by("sum", rate("P_samples_written_total"))}`,
      },
      "What a sample costs to move and to keep.",
    ),
  ],
};

export const latency: Row = {
  title: "Latency",
  panels: [
    lines(
      "From arrival to answer",
      "s",
      {
        "99 %": quantile(0.99, "P_ack_duration_seconds"),
        "90 %": quantile(0.9, "P_ack_duration_seconds"),
        "50 %": quantile(0.5, "P_ack_duration_seconds"),
      },
      "A request waits for --linger and a put. At --ack-timeout (25 s) it is a 503.",
    ),
    {
      title: "Answers by duration",
      type: "heatmap",
      unit: "s",
      width: 8,
      description:
        "Two bands: some requests wait for something that others do not, a retry or a throttled shard.",
      questions: [
        {
          legend: "{{le}}",
          expr: `sum by (le) (increase(P_ack_duration_seconds_bucket{}[$__rate_interval]))`,
        },
      ],
    },
    lines(
      "One put",
      "s",
      {
        "sink 99 %": quantile(0.99, "P_put_duration_seconds"),
        "sink 50 %": quantile(0.5, "P_put_duration_seconds"),
        "spool 99 %": quantile(0.99, "P_spool_put_duration_seconds"),
      },
      "What the service takes for one call, and the disk for one fsync of the spool.",
    ),
  ],
};
