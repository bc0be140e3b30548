/** Why an item or a whole series is refused with 400; also the `reason` label of the rejected counters. */
export type RejectReason =
  | "missing_metric_name"
  | "empty_label_name"
  | "duplicate_label"
  | "invalid_utf8"
  | "invalid_symbol_ref"
  | "invalid_histogram"
  | "line_too_long";
