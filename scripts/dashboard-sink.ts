/** Rows of the dashboard: spool, sink, bill, and what went wrong. */
import { by, lines, type Row, rate, stat } from "./dashboard-panels.ts";

export const pending: Row = {
  title: "Pending and spool",
  panels: [
    lines(
      "Pending lines",
      "bytes",
      {
        "not yet durable": "P_pending_bytes{} + P_spool_pending_bytes{}",
        "request bodies": "P_body_bytes{}",
        "--pending-bytes": "P_pending_limit_bytes{}",
      },
      "Memory for what has been taken and is not yet durable.",
    ),
    lines(
      "Spool",
      "bytes",
      {
        "in the spool": "P_spool_bytes{}",
        "--spool-bytes": "P_spool_limit_bytes{} > 0",
        "full in 6 h?": "predict_linear(P_spool_bytes{}[1h], 6 * 3600) > 0",
      },
      "Empty but for a moment while the sink takes lines.",
    ),
    lines(
      "Into the spool and out of it",
      "Bps",
      {
        in: by("sum", rate("P_spool_raw_bytes_total")),
        out: by("sum", rate("P_spool_shipped_bytes_total")),
      },
      "After an outage out is above in until it has caught up.",
    ),
  ],
};

export const puts: Row = {
  title: "Puts and throttling",
  panels: [
    lines(
      "Puts by outcome",
      "ops",
      {
        "{{outcome}}": `sum by (instance, outcome) (${rate("P_put_attempts_total")})`,
      },
      "partial: some records were not taken and are put again.",
    ),
    lines(
      "Puts under way",
      "short",
      {
        "under way": "P_puts_in_flight{}",
        "may be": "P_puts_in_flight_limit{}",
      },
      "How many may be follows throttling and latency; --puts-in-flight is the most.",
    ),
    lines(
      "Records",
      "short",
      {
        durable: by("sum", rate("P_records_put_total")),
        again: by("sum", rate("P_records_retried_total")),
        throttled: by("sum", rate("P_records_throttled_total")),
      },
      "Throttled for long: more shards, on-demand, or a higher quota.",
      { limits: undefined },
    ),
    lines(
      "Pace",
      "Bps",
      {
        pace: "P_pace_bytes_per_second{} > 0",
        put: by("sum", rate("P_sent_bytes_total")),
      },
      "After throttling puts are paced; no line: they are not.",
    ),
    lines(
      "Shards",
      "short",
      { open: "P_kinesis_shards{} > 0" },
      "Kinesis: open shards that records are spread over.",
    ),
    lines(
      "S3",
      "ops",
      {
        "{{operation}} {{outcome}}": `sum by (instance, operation, outcome) (${rate("P_s3_requests_total")})`,
        objects: by("sum", rate("P_s3_objects_put_total")),
      },
      "Requests to S3, and objects made of them.",
    ),
  ],
};

export const bill: Row = {
  title: "The bill",
  panels: [
    stat("Dollars a day", "currencyUSD", "sum by (instance, billing) (P_estimated_dollars_per_day{})", {
      description:
        "Estimated from the last hour, for each way AWS could bill it; list prices. Storage is beside it.",
      questions: [
        {
          expr: "sum by (instance, billing) (P_estimated_dollars_per_day{})",
          legend: "{{billing}} {{instance}}",
        },
      ],
      width: 8,
    }),
    stat("Storage of one day, dollars a month", "currencyUSD", "P_estimated_storage_dollars_per_month{}", {
      description: "s3: what keeping the objects of one day costs each month.",
      width: 4,
    }),
    lines(
      "Billed and put",
      "Bps",
      {
        "billed, {{billing}}": `sum by (instance, billing) (${rate("P_billed_bytes_total")})`,
        put: by("sum", rate("P_sent_bytes_total")),
      },
      "AWS rounds every record up: large records waste least.",
      { width: 12 },
    ),
  ],
};

export const quarantine: Row = {
  title: "Quarantine, doubles, damage",
  panels: [
    lines(
      "Lines set aside",
      "short",
      {
        "{{reason}}": "sum by (instance, reason) (P_quarantined_lines_total{})",
      },
      "The sink refuses them for good. quarantine inspect lists them, quarantine replay puts them once more.",
    ),
    lines(
      "Lines that may be there twice",
      "short",
      {
        "{{cause}}": "sum by (instance, cause) (increase(P_duplicate_risk_lines_total{}[$__rate_interval]))",
      },
      "Never a loss. Queries that count should select distinct lines.",
    ),
    lines(
      "Damage in the spool",
      "short",
      {
        "damaged frames": "P_spool_damaged_frames_total{}",
        "bytes dropped": "P_spool_dropped_bytes_total{}",
      },
      "Both stay 0.",
    ),
  ],
};

export const runtime: Row = {
  title: "Runtime",
  panels: [
    {
      title: "Versions and sinks",
      type: "table",
      unit: "short",
      width: 12,
      description: "What runs where.",
      questions: [
        {
          legend: "",
          expr: "P_build_info{} * on (job, instance) group_left (sink, compression) P_sink_info{}",
        },
      ],
    },
    lines(
      "CPU",
      "short",
      { cores: "rate(process_cpu_seconds_total{}[$__rate_interval]) and on (job, instance) P_build_info{}" },
      "Cores in use. Compression is most of it.",
      { width: 6 },
    ),
    lines(
      "Memory",
      "bytes",
      { resident: "process_resident_memory_bytes{} and on (job, instance) P_build_info{}" },
      "Below the ceiling that ARCHITECTURE.md computes from the flags.",
      { width: 6 },
    ),
    stat("Up", "s", "time() - P_start_time_seconds{}", { description: "Since the program started." }),
    stat("AWS credentials expire in", "s", "(P_credentials_expiry_timestamp_seconds{} > 0) - time()", {
      description: "They are renewed five minutes before. No value: they do not expire.",
      limits: { yellow: 300, red: 60 },
      downward: true,
    }),
    stat("Web config", "short", "P_web_config_last_reload_successful{}", {
      description: "Not taken over: the old one goes on, and the log says what is wrong with the new one.",
      names: { "1": { text: "in effect", color: "green" }, "0": { text: "NOT TAKEN OVER", color: "red" } },
      limits: { yellow: 1, red: 0.5 },
      downward: true,
    }),
    lines(
      "Requests not let in",
      "reqps",
      {
        "401 {{reason}}": `sum by (instance, reason) (${rate("P_requests_unauthorized_total")})`,
        "limited {{limit}}": `sum by (instance, limit) (${rate("P_requests_limited_total")})`,
      },
      "Wrong or missing credentials, and clients over their limit.",
      { width: 6 },
    ),
    lines(
      "Credentials loaded",
      "short",
      {
        "{{outcome}}": "sum by (instance, outcome) (increase(P_credentials_loads_total{}[$__rate_interval]))",
      },
      "Renewals of AWS credentials. Failed ones are repeated while the old ones still hold.",
      { width: 6 },
    ),
  ],
};
