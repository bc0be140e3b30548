# What is made for each way in, and that compression, ending and prefix fit each other.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "direct_put_by_default" {
  command = plan

  assert {
    condition     = length(aws_kinesis_stream.this) == 0 && length(aws_kinesis_firehose_delivery_stream.this) == 1
    error_message = "Direct PUT has a delivery stream and no stream."
  }

  assert {
    condition     = length(aws_kinesis_firehose_delivery_stream.this[0].kinesis_source_configuration) == 0
    error_message = "A delivery stream with a source takes no Direct PUT."
  }

  assert {
    condition     = aws_kinesis_firehose_delivery_stream.this[0].server_side_encryption[0].key_type == "AWS_OWNED_CMK"
    error_message = "Direct PUT is encrypted."
  }

  assert {
    condition = (
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].compression_format == "UNCOMPRESSED" &&
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].file_extension == ".ndjson.gz"
    )
    error_message = "The program's gzip members make a .gz file as they are."
  }

  assert {
    condition = (
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].prefix == "prometheus/!{timestamp:yyyy/MM/dd/HH}/" &&
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].custom_time_zone == "UTC"
    )
    error_message = "Keys begin with prefix and hour in UTC."
  }

  assert {
    condition     = aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].error_output_prefix == "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/"
    error_message = "Errors lie outside of the archive."
  }

  assert {
    condition = (
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].buffering_size == 128 &&
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].buffering_interval == 300
    )
    error_message = "Large objects, visible after five minutes."
  }

  assert {
    condition     = output.command == "prometheus-remote-kinesis --sink firehose:prometheus-archive --region eu-west-1 --compression gzip"
    error_message = "command: ${output.command}"
  }
}

run "zstd" {
  command = plan

  variables {
    compression = "zstd"
  }

  assert {
    condition = (
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].compression_format == "UNCOMPRESSED" &&
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].file_extension == ".ndjson.zst" &&
      output.file_extension == ".ndjson.zst" && output.environment.COMPRESSION == "zstd"
    )
    error_message = "The program's zstd frames make a .zst file as they are."
  }
}

run "not_compressed_by_the_program" {
  command = plan

  variables {
    compression = "none"
  }

  assert {
    condition = (
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].compression_format == "GZIP" &&
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].file_extension == ".ndjson.gz"
    )
    error_message = "Firehose compresses what the program does not."
  }
}

run "not_compressed_at_all" {
  command = plan

  variables {
    compression   = "none"
    firehose_gzip = false
  }

  assert {
    condition = (
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].compression_format == "UNCOMPRESSED" &&
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].file_extension == ".ndjson"
    )
    error_message = "Plain text ends in .ndjson."
  }
}

run "gzip_is_never_put_into_gzip" {
  command = plan

  variables {
    compression   = "gzip"
    firehose_gzip = true
  }

  assert {
    condition     = aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].compression_format == "UNCOMPRESSED"
    error_message = "gzip in gzip."
  }
}

run "stream_on_demand" {
  command = plan

  variables {
    sink = "kinesis"
  }

  assert {
    condition = (
      aws_kinesis_stream.this[0].stream_mode_details[0].stream_mode == "ON_DEMAND" &&
      aws_kinesis_stream.this[0].shard_count == null && aws_kinesis_stream.this[0].retention_period == 24
    )
    error_message = "A stream on demand has no number of shards."
  }

  assert {
    condition     = aws_kinesis_stream.this[0].encryption_type == "KMS" && aws_kinesis_stream.this[0].kms_key_id == "alias/aws/kinesis"
    error_message = "The stream is encrypted."
  }

  assert {
    condition = (
      aws_kinesis_firehose_delivery_stream.this[0].kinesis_source_configuration[0].kinesis_stream_arn == "arn:aws:kinesis:eu-west-1:123456789012:stream/prometheus-archive" &&
      length(aws_kinesis_firehose_delivery_stream.this[0].server_side_encryption) == 0
    )
    error_message = "The delivery stream reads the stream, and leaves encryption to it."
  }

  assert {
    condition     = output.command == "prometheus-remote-kinesis --sink kinesis:prometheus-archive --region eu-west-1 --compression gzip"
    error_message = "command: ${output.command}"
  }
}

run "stream_with_shards" {
  command = plan

  variables {
    name            = "metrics"
    sink            = "kinesis"
    stream_mode     = "PROVISIONED"
    shard_count     = 3
    retention_hours = 168
    kms_key_arn     = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
  }

  assert {
    condition = (
      aws_kinesis_stream.this[0].stream_mode_details[0].stream_mode == "PROVISIONED" && aws_kinesis_stream.this[0].shard_count == 3 &&
      aws_kinesis_stream.this[0].retention_period == 168 && aws_kinesis_stream.this[0].name == "metrics"
    )
    error_message = "Shards and retention are those asked for."
  }

  assert {
    condition = (
      aws_kinesis_stream.this[0].kms_key_id == var.kms_key_arn &&
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].kms_key_arn == var.kms_key_arn
    )
    error_message = "Stream and objects have the key."
  }
}

run "objects_without_firehose" {
  command = plan

  variables {
    sink   = "s3"
    prefix = "metrics/prod/"
  }

  assert {
    condition = (
      length(aws_kinesis_stream.this) == 0 && length(aws_kinesis_firehose_delivery_stream.this) == 0 &&
      length(aws_iam_role.delivery) == 0 && length(aws_cloudwatch_log_group.delivery) == 0
    )
    error_message = "The program puts objects itself."
  }

  assert {
    condition     = output.command == "prometheus-remote-kinesis --sink s3://prometheus-archive-123456789012-eu-west-1/metrics/prod --region eu-west-1 --compression gzip"
    error_message = "command: ${output.command}"
  }

  assert {
    condition     = output.file_extension == null && output.errors_location == null
    error_message = "There is no Firehose to say it of."
  }
}

run "buffering" {
  command = plan

  variables {
    buffering_mib     = 1
    buffering_seconds = 0
  }

  assert {
    condition = (
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].buffering_size == 1 &&
      aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].buffering_interval == 0
    )
    error_message = "The least there is."
  }
}

run "another_partition" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn" }
  }

  override_data {
    target = data.aws_region.current
    values = { id = "cn-north-1" }
  }

  assert {
    condition     = aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].bucket_arn == "arn:aws-cn:s3:::prometheus-archive-123456789012-cn-north-1"
    error_message = "ARNs are of the partition."
  }
}
