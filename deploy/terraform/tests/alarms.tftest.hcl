# Someone is told when lines do not arrive, are held up, or end among the errors.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "direct_put" {
  command = plan

  variables {
    alarm_topic_arns = ["arn:aws:sns:eu-west-1:123456789012:pager"]
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["delivery-errors", "delivery-failing", "delivery-stale", "direct-put-throttled", "silent"]
    error_message = join(", ", keys(aws_cloudwatch_metric_alarm.this))
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["direct-put-throttled"].metric_name == "ThrottledRecords" && aws_cloudwatch_metric_alarm.this["direct-put-throttled"].namespace == "AWS/Firehose"
    error_message = "Throttled Direct PUT."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["delivery-stale"].metric_name == "DeliveryToS3.DataFreshness" &&
      aws_cloudwatch_metric_alarm.this["delivery-stale"].threshold == 900 &&
      aws_cloudwatch_metric_alarm.this["delivery-stale"].dimensions == tomap({ DeliveryStreamName = "prometheus-archive" })
    )
    error_message = "Three buffers late, in seconds."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["delivery-errors"].metric_name == "PutRequests" && aws_s3_bucket_metric.errors[0].filter[0].prefix == "errors/" &&
      aws_cloudwatch_metric_alarm.this["delivery-errors"].dimensions["FilterId"] == aws_s3_bucket_metric.errors[0].name
    )
    error_message = "Objects under the error prefix are counted."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["silent"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.this["silent"].evaluation_periods == 6 &&
      aws_cloudwatch_metric_alarm.this["silent"].metric_name == "IncomingRecords" && aws_cloudwatch_metric_alarm.this["silent"].namespace == "AWS/Firehose"
    )
    error_message = "No data is what it is about."
  }

  assert {
    condition     = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:pager"]) && alarm.alarm_description != ""])
    error_message = "Every alarm tells someone, and what to do."
  }

  assert {
    condition     = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.this : key == "silent" || alarm.treat_missing_data == "notBreaching"])
    error_message = "Other alarms are quiet while nothing comes."
  }

  assert {
    condition     = length(aws_sns_topic.alarms) == 0
    error_message = "No topic without an address."
  }
}

run "stream" {
  command = plan

  variables {
    sink              = "kinesis"
    retention_hours   = 48
    buffering_seconds = 900
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["delivery-errors", "delivery-failing", "delivery-stale", "silent", "stream-behind", "stream-throttled"]
    error_message = join(", ", keys(aws_cloudwatch_metric_alarm.this))
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["stream-throttled"].metric_name == "WriteProvisionedThroughputExceeded" &&
      aws_cloudwatch_metric_alarm.this["stream-throttled"].dimensions == tomap({ StreamName = "prometheus-archive" })
    )
    error_message = "A throttled stream."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["stream-behind"].threshold == 86400000 && aws_cloudwatch_metric_alarm.this["delivery-stale"].threshold == 2700
    error_message = "Half the retention in ms; three buffers in s."
  }
}

run "objects" {
  command = plan

  variables {
    sink = "s3"
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["silent"] && aws_s3_bucket_metric.archive[0].filter[0].prefix == "prometheus/" && length(aws_s3_bucket_metric.errors) == 0
    error_message = "Only silence; the program's metrics tell the rest."
  }
}

run "silence_is_fine" {
  command = plan

  variables {
    sink            = "s3"
    silence_minutes = 0
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && length(aws_s3_bucket_metric.archive) == 0
    error_message = "No alarm, and no metric to pay for."
  }
}

run "address" {
  variables {
    alarm_email = "ops@example.com"
  }

  assert {
    condition     = aws_sns_topic_subscription.alarms[0].endpoint == "ops@example.com" && aws_sns_topic_subscription.alarms[0].protocol == "email"
    error_message = "The address is subscribed."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.alarms[0].policy).Statement[0].Principal.Service == "cloudwatch.amazonaws.com"
    error_message = "CloudWatch may publish."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["silent"].alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:prometheus-archive-alarms"])
    error_message = "Alarms go to the topic."
  }
}

run "no_alarms" {
  command = plan

  variables {
    alarms = false
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && length(aws_s3_bucket_metric.errors) == 0 && output.alarm_names == []
    error_message = "None."
  }
}

run "tags" {
  command = plan

  variables {
    tags = { team = "metrics", app = "ours" }
    sink = "kinesis"
  }

  assert {
    condition = alltrue([
      for tags in concat(
        [aws_kinesis_stream.this[0].tags, aws_kinesis_firehose_delivery_stream.this[0].tags, aws_s3_bucket.this[0].tags],
        [aws_iam_role.writer[0].tags, aws_iam_policy.writer.tags, aws_iam_policy.reader.tags, aws_athena_workgroup.this[0].tags],
        [for alarm in aws_cloudwatch_metric_alarm.this : alarm.tags],
      ) : tags == tomap({ team = "metrics", app = "ours" })
    ])
    error_message = "Everything has the tags."
  }
}
