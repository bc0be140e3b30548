# The Kinesis stream, with sink = "kinesis".

resource "aws_kinesis_stream" "this" {
  count = local.uses_stream ? 1 : 0

  name             = var.name
  shard_count      = var.stream_mode == "PROVISIONED" ? var.shard_count : null
  retention_period = var.retention_hours
  encryption_type  = "KMS"
  kms_key_id       = coalesce(var.kms_key_arn, "alias/aws/kinesis")
  tags             = local.tags

  stream_mode_details {
    stream_mode = var.stream_mode
  }
}
