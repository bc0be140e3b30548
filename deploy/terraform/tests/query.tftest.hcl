# The table finds what was put, and a query costs no fortune.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "table_and_workgroup" {
  command = plan

  assert {
    condition = (
      aws_glue_catalog_database.this[0].name == "prometheus_archive" && aws_glue_catalog_table.samples[0].name == "samples" &&
      output.athena == { workgroup = "prometheus-archive", database = "prometheus_archive", table = "samples" }
    )
    error_message = "Names that SQL takes without quotation marks."
  }

  assert {
    condition = (
      aws_glue_catalog_table.samples[0].storage_descriptor[0].location == "s3://prometheus-archive-123456789012-eu-west-1/prometheus/" &&
      aws_glue_catalog_table.samples[0].parameters["storage.location.template"] == "s3://prometheus-archive-123456789012-eu-west-1/prometheus/$${datehour}/"
    )
    error_message = "Table and partitions are where objects go."
  }

  assert {
    condition = (
      aws_glue_catalog_table.samples[0].parameters["projection.enabled"] == "true" &&
      aws_glue_catalog_table.samples[0].parameters["projection.datehour.range"] == "2024/01/01/00,NOW" &&
      one(aws_glue_catalog_table.samples[0].partition_keys).name == "datehour"
    )
    error_message = "Partitions are computed by the hour."
  }

  assert {
    condition     = [for column in aws_glue_catalog_table.samples[0].storage_descriptor[0].columns : column.name] == ["name", "time", "start", "value", "special", "histogram", "exemplar", "metadata", "labels"]
    error_message = "The keys of a line."
  }

  assert {
    condition = (
      aws_athena_workgroup.this[0].configuration[0].enforce_workgroup_configuration &&
      aws_athena_workgroup.this[0].configuration[0].bytes_scanned_cutoff_per_query == 107374182400 &&
      aws_athena_workgroup.this[0].configuration[0].result_configuration[0].output_location == "s3://prometheus-archive-123456789012-eu-west-1/athena-results/" &&
      aws_athena_workgroup.this[0].configuration[0].result_configuration[0].encryption_configuration[0].encryption_option == "SSE_S3"
    )
    error_message = "Results are encrypted and go to their place; a query ends at 100 GiB."
  }
}

run "other_choices" {
  command = plan

  variables {
    projection_start = "2026/11/23/06"
    scan_gib_max     = null
    kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
    results_prefix   = "results/"
  }

  assert {
    condition     = aws_glue_catalog_table.samples[0].parameters["projection.datehour.range"] == "2026/11/23/06,NOW"
    error_message = "The first hour."
  }

  assert {
    condition = (
      aws_athena_workgroup.this[0].configuration[0].bytes_scanned_cutoff_per_query == null &&
      aws_athena_workgroup.this[0].configuration[0].result_configuration[0].encryption_configuration[0].kms_key_arn == var.kms_key_arn &&
      aws_s3_bucket_lifecycle_configuration.this[0].rule[1].filter[0].prefix == "results/"
    )
    error_message = "No bound, a key, another place for results."
  }
}

run "no_queries" {
  command = plan

  variables {
    query = false
  }

  assert {
    condition     = length(aws_glue_catalog_table.samples) == 0 && length(aws_athena_workgroup.this) == 0 && output.athena == null
    error_message = "Neither table nor workgroup."
  }

  assert {
    condition     = !strcontains(output.reader_policy, "athena:") && !strcontains(output.reader_policy, "glue:") && !strcontains(output.reader_policy, "s3:PutObject")
    error_message = "A reader who only reads."
  }
}
