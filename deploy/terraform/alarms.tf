# What AWS knows and the program cannot: whether lines that were put also come to lie in S3. What the program knows,
# its own metrics tell: deploy/prometheus/alerts.yml.

locals {
  alarm_actions = concat(var.alarm_topic_arns, [for topic in aws_sns_topic.alarms : topic.arn])

  stream_dimensions   = { StreamName = var.name }
  delivery_dimensions = { DeliveryStreamName = var.name }

  # Half of what the stream keeps: the other half is the time to act.
  behind_ms = var.retention_hours * 3600 * 1000 / 2
  # An object every buffering_seconds, and room for three that are late.
  stale_seconds = max(900, 3 * var.buffering_seconds)

  stream_alarms = {
    stream-throttled = {
      description = "Kinesis refuses records for their pace, and the program puts them again. If it lasts: more shards, or stream_mode = ON_DEMAND."
      namespace   = "AWS/Kinesis", metric = "WriteProvisionedThroughputExceeded", dimensions = local.stream_dimensions
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period      = 300, periods = 3, missing = "notBreaching"
    }
    stream-behind = {
      description = "Firehose is half of the stream's retention behind: records it does not fetch in time are LOST. Look at the delivery stream's log and role; raise retention_hours."
      namespace   = "AWS/Firehose", metric = "KinesisMillisBehindLatest", dimensions = local.delivery_dimensions
      statistic   = "Maximum", comparison = "GreaterThanThreshold", threshold = local.behind_ms
      period      = 300, periods = 1, missing = "notBreaching"
    }
    silent = {
      description = "Nothing has arrived in the stream for ${var.silence_minutes} minutes: is the program up, and is Prometheus sending?"
      namespace   = "AWS/Kinesis", metric = "IncomingRecords", dimensions = local.stream_dimensions
      statistic   = "Sum", comparison = "LessThanThreshold", threshold = 1
      period      = 300, periods = max(1, var.silence_minutes / 5), missing = "breaching"
    }
  }

  direct_alarms = {
    direct-put-throttled = {
      description = "Firehose refuses records for their pace, and the program puts them again. If it lasts: ask AWS for a higher quota of this delivery stream, or use a stream."
      namespace   = "AWS/Firehose", metric = "ThrottledRecords", dimensions = local.delivery_dimensions
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period      = 300, periods = 3, missing = "notBreaching"
    }
    silent = {
      description = "Nothing has arrived in the delivery stream for ${var.silence_minutes} minutes: is the program up, and is Prometheus sending?"
      namespace   = "AWS/Firehose", metric = "IncomingRecords", dimensions = local.delivery_dimensions
      statistic   = "Sum", comparison = "LessThanThreshold", threshold = 1
      period      = 300, periods = max(1, var.silence_minutes / 5), missing = "breaching"
    }
  }

  delivery_alarms = {
    delivery-stale = {
      description = "The oldest record that Firehose has not delivered is more than ${local.stale_seconds} s old. After 24 hours it is LOST (or moved to ${var.error_prefix}): look at the delivery stream's log and role, the bucket and its key."
      namespace   = "AWS/Firehose", metric = "DeliveryToS3.DataFreshness", dimensions = local.delivery_dimensions
      statistic   = "Maximum", comparison = "GreaterThanThreshold", threshold = local.stale_seconds
      period      = 300, periods = 2, missing = "notBreaching"
    }
    delivery-failing = {
      description = "Firehose cannot put objects into the bucket: look at the log group /aws/kinesisfirehose/${var.name}, the role ${var.name}-delivery, the bucket and its key."
      namespace   = "AWS/Firehose", metric = "DeliveryToS3.Success", dimensions = local.delivery_dimensions
      statistic   = "Average", comparison = "LessThanThreshold", threshold = 1
      period      = 300, periods = 2, missing = "notBreaching"
    }
    delivery-errors = {
      description = "Firehose has put objects under ${var.error_prefix}: lines that are not in the archive. Each object says why; its rawData is the record."
      namespace   = "AWS/S3", metric = "PutRequests", dimensions = { BucketName = local.bucket, FilterId = "errors" }
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period      = 300, periods = 1, missing = "notBreaching"
    }
  }

  object_alarms = {
    silent = {
      description = "No object has been put under ${var.prefix} for ${var.silence_minutes} minutes: is the program up, and is Prometheus sending?"
      namespace   = "AWS/S3", metric = "PutRequests", dimensions = { BucketName = local.bucket, FilterId = "archive" }
      statistic   = "Sum", comparison = "LessThanThreshold", threshold = 1
      period      = 300, periods = max(1, var.silence_minutes / 5), missing = "breaching"
    }
  }

  alarms_of_sink = {
    kinesis  = merge(local.stream_alarms, local.delivery_alarms)
    firehose = merge(local.direct_alarms, local.delivery_alarms)
    s3       = local.object_alarms
  }[var.sink]

  alarms = { for key, alarm in local.alarms_of_sink : key => alarm if var.alarms && (key != "silent" || var.silence_minutes > 0) }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = local.tags
}

# S3 counts requests only where it is asked to. For the errors that is next to nothing; with sink = "s3" it is what tells
# of silence.
resource "aws_s3_bucket_metric" "errors" {
  count = var.alarms && local.uses_firehose ? 1 : 0

  bucket = local.bucket
  name   = "errors"

  filter {
    prefix = var.error_prefix
  }

  depends_on = [aws_s3_bucket.this]
}

resource "aws_s3_bucket_metric" "archive" {
  count = var.alarms && !local.uses_firehose && var.silence_minutes > 0 ? 1 : 0

  bucket = local.bucket
  name   = "archive"

  filter {
    prefix = var.prefix
  }

  depends_on = [aws_s3_bucket.this]
}

resource "aws_sns_topic" "alarms" {
  count = var.alarm_email == null ? 0 : 1

  name = "${var.name}-alarms"
  tags = local.tags
}

resource "aws_sns_topic_policy" "alarms" {
  count = var.alarm_email == null ? 0 : 1

  arn = aws_sns_topic.alarms[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Alarms"
      Effect    = "Allow"
      Action    = "sns:Publish"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Resource  = "arn:${local.partition}:sns:${local.region}:${local.account}:${var.name}-alarms"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}
