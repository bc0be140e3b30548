# The archive as a table, and a workgroup to ask it with. Columns, reader and projection are those that the `ddl` command
# prints (src/archive/table-columns.ts); a test compares them.

locals {
  histogram_fields = [
    "count_int:decimal(20,0)",
    "count_float:double",
    "count_float_special:string",
    "sum:double",
    "sum_special:string",
    "schema:int",
    "zero_threshold:double",
    "zero_threshold_special:string",
    "zero_count_int:decimal(20,0)",
    "zero_count_float:double",
    "zero_count_float_special:string",
    "negative_spans:array<array<bigint>>",
    "negative_deltas:array<bigint>",
    "negative_counts:array<double>",
    "negative_counts_special:map<string,string>",
    "positive_spans:array<array<bigint>>",
    "positive_deltas:array<bigint>",
    "positive_counts:array<double>",
    "positive_counts_special:map<string,string>",
    "reset_hint:string",
    "custom_values:array<double>",
    "custom_values_special:map<string,string>",
  ]
  histogram_type = "struct<${join(",", local.histogram_fields)}>"

  columns = [
    { name = "name", type = "string", comment = "the metric" },
    { name = "time", type = "bigint", comment = "ms since the epoch" },
    { name = "start", type = "bigint", comment = "start timestamp, ms since the epoch (null: not set)" },
    { name = "value", type = "double", comment = "null where special says what it is" },
    { name = "special", type = "string", comment = "NaN, +Inf, -Inf, stale, or 0x and the 16 hex digits of a NaN" },
    { name = "histogram", type = local.histogram_type, comment = "native histogram, in place of value" },
    { name = "exemplar", type = "struct<value:double,special:string,labels:map<string,string>>", comment = "exemplar, in place of value" },
    { name = "metadata", type = "struct<type:string,help:string,unit:string>", comment = "metadata, in place of value" },
    { name = "labels", type = "map<string,string>", comment = "the label set, __name__ included" },
  ]

  database = replace(var.name, "-", "_")
  location = "s3://${local.bucket}/${var.prefix}"
}

resource "aws_glue_catalog_database" "this" {
  count = var.query ? 1 : 0

  name        = local.database
  description = "Prometheus samples kept by prometheus-remote-kinesis"
  tags        = local.tags
}

resource "aws_glue_catalog_table" "samples" {
  count = var.query ? 1 : 0

  name          = "samples"
  database_name = aws_glue_catalog_database.this[0].name
  description   = "One row per line of the archive"
  table_type    = "EXTERNAL_TABLE"

  # Athena computes the partitions: nobody has to add them, and no crawler has to run.
  parameters = {
    "EXTERNAL"                          = "TRUE"
    "classification"                    = "json"
    "projection.enabled"                = "true"
    "projection.datehour.type"          = "date"
    "projection.datehour.format"        = "yyyy/MM/dd/HH"
    "projection.datehour.range"         = "${var.projection_start},NOW"
    "projection.datehour.interval"      = "1"
    "projection.datehour.interval.unit" = "HOURS"
    "storage.location.template"         = "${local.location}$${datehour}/"
  }

  partition_keys {
    name    = "datehour"
    type    = "string"
    comment = "hour of arrival, yyyy/MM/dd/HH in UTC"
  }

  storage_descriptor {
    location      = local.location
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hive.hcatalog.data.JsonSerDe"
    }

    dynamic "columns" {
      for_each = local.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }
}

resource "aws_athena_workgroup" "this" {
  count = var.query ? 1 : 0

  name          = var.name
  description   = "Queries of ${var.name}"
  force_destroy = var.force_destroy
  tags          = local.tags

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.scan_gib_max == null ? null : var.scan_gib_max * 1024 * 1024 * 1024

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${local.bucket}/${var.results_prefix}"
      expected_bucket_owner = var.create_bucket ? local.account : null

      encryption_configuration {
        encryption_option = var.kms_key_arn == null ? "SSE_S3" : "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}
