# The delivery stream to S3, with sink = "firehose" or "kinesis".

resource "aws_kinesis_firehose_delivery_stream" "this" {
  count = local.uses_firehose ? 1 : 0

  name        = var.name
  destination = "extended_s3"
  tags        = local.tags

  dynamic "kinesis_source_configuration" {
    for_each = local.uses_stream ? [local.stream_arn] : []

    content {
      kinesis_stream_arn = kinesis_source_configuration.value
      role_arn           = aws_iam_role.delivery[0].arn
    }
  }

  # With a stream as its source, the stream is what encrypts.
  dynamic "server_side_encryption" {
    for_each = local.uses_stream ? [] : [var.kms_key_arn]

    content {
      enabled  = true
      key_type = server_side_encryption.value == null ? "AWS_OWNED_CMK" : "CUSTOMER_MANAGED_CMK"
      key_arn  = server_side_encryption.value
    }
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.delivery[0].arn
    bucket_arn          = local.bucket_arn
    buffering_size      = var.buffering_mib
    buffering_interval  = var.buffering_seconds
    compression_format  = local.firehose_format
    file_extension      = local.file_extension
    kms_key_arn         = var.kms_key_arn
    prefix              = "${var.prefix}!{timestamp:yyyy/MM/dd/HH}/"
    error_output_prefix = "${var.error_prefix}!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/"
    custom_time_zone    = "UTC"

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.delivery[0].name
      log_stream_name = aws_cloudwatch_log_stream.delivery[0].name
    }
  }

  # It checks at once whether it may do its work. By ARN alone Terraform would not know what comes first.
  depends_on = [
    aws_iam_role_policy.delivery,
    aws_kinesis_stream.this,
    aws_s3_bucket.this,
    aws_s3_bucket_policy.this,
  ]
}

resource "aws_cloudwatch_log_group" "delivery" {
  count = local.uses_firehose ? 1 : 0

  name              = "/aws/kinesisfirehose/${var.name}"
  retention_in_days = 30
  tags              = local.tags
}

resource "aws_cloudwatch_log_stream" "delivery" {
  count = local.uses_firehose ? 1 : 0

  name           = "delivery-to-s3"
  log_group_name = aws_cloudwatch_log_group.delivery[0].name
}

resource "aws_iam_role" "delivery" {
  count = local.uses_firehose ? 1 : 0

  name        = "${var.name}-delivery"
  description = "Firehose delivers ${var.name} to S3"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Firehose"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "firehose.amazonaws.com" }
      # No delivery stream of another account may borrow this role.
      Condition = { StringEquals = { "sts:ExternalId" = local.account } }
    }]
  })
}

locals {
  delivery_statements = concat(
    [
      {
        Sid    = "Objects"
        Effect = "Allow"
        Action = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
        Resource = [
          "${local.bucket_arn}/${var.prefix}*",
          "${local.bucket_arn}/${var.error_prefix}*",
        ]
      },
      {
        Sid      = "Bucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = [local.bucket_arn]
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:PutLogEvents"]
        Resource = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/kinesisfirehose/${var.name}:log-stream:*"]
      },
    ],
    local.uses_stream ? [
      {
        Sid      = "Stream"
        Effect   = "Allow"
        Action   = ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
        Resource = [local.stream_arn]
      },
    ] : [],
  )

  # Of these the resource is the key, known or not: the stream's own key has an id that only AWS knows.
  delivery_key_statements = concat(
    local.uses_stream ? [
      {
        Sid      = "StreamKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [coalesce(var.kms_key_arn, "arn:${local.partition}:kms:${local.region}:${local.account}:key/*")]
        Condition = {
          StringEquals = {
            "kms:ViaService"                        = "kinesis.${local.region}.amazonaws.com"
            "kms:EncryptionContext:aws:kinesis:arn" = local.stream_arn
          }
        }
      },
    ] : [],
    var.kms_key_arn == null ? [] : [
      {
        Sid      = "BucketKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.kms_key_arn]
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" }
        }
      },
    ],
  )
}

resource "aws_iam_role_policy" "delivery" {
  count = local.uses_firehose ? 1 : 0

  name = "deliver"
  role = aws_iam_role.delivery[0].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = flatten([local.delivery_statements, local.delivery_key_statements])
  })
}
