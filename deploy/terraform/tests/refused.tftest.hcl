# What cannot work is refused before anything is made, by the variable that is wrong. Several in one run, since each run
# takes its time.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "first" {
  command = plan

  variables {
    name                  = "a-name-that-is-longer-than-thirty-two-characters"
    sink                  = "sqs"
    compression           = "snappy"
    stream_mode           = "on_demand"
    retention_hours       = 23
    buffering_mib         = 129
    buffering_seconds     = 901
    bucket_name           = "Bucket"
    error_prefix          = "prometheus/errors/"
    kms_key_arn           = "alias/mine"
    noncurrent_days       = 0
    glacier_ir_after_days = -1
    writer_runs_on        = "lambda"
    reader_principals     = ["*"]
    projection_start      = "2026-11-23-00"
    scan_gib_max          = 0
    alarm_topic_arns      = ["pager"]
    alarm_email           = "ops"
    silence_minutes       = 7
  }

  expect_failures = [
    var.name,
    var.sink,
    var.compression,
    var.stream_mode,
    var.retention_hours,
    var.buffering_mib,
    var.buffering_seconds,
    var.bucket_name,
    var.error_prefix,
    var.kms_key_arn,
    var.noncurrent_days,
    var.glacier_ir_after_days,
    var.writer_runs_on,
    var.reader_principals,
    var.projection_start,
    var.scan_gib_max,
    var.alarm_topic_arns,
    var.alarm_email,
    var.silence_minutes,
  ]
}

# A bucket of one's own without a name; an address without alarms; a cluster without pods.
run "second" {
  command = plan

  variables {
    name              = "Archive"
    shard_count       = 0
    retention_hours   = 8761
    buffering_mib     = 0
    buffering_seconds = -1
    create_bucket     = false
    prefix            = "prometheus"
    kms_key_arn       = "arn:aws:kms:eu-west-1:123456789012:alias/mine"
    expire_after_days = 0
    service_account   = { namespace = "*" }
    eks_cluster_name  = "prod"
    reader_principals = ["arn:aws:iam::123456789012:role/*"]
    projection_start  = "2026/13/01/00"
    alarms            = false
    alarm_email       = "ops@example.com"
    silence_minutes   = 1445
  }

  expect_failures = [
    var.name,
    var.shard_count,
    var.retention_hours,
    var.buffering_mib,
    var.buffering_seconds,
    var.bucket_name,
    var.prefix,
    var.kms_key_arn,
    var.expire_after_days,
    var.service_account,
    var.eks_cluster_name,
    var.reader_principals,
    var.projection_start,
    var.alarm_email,
    var.silence_minutes,
  ]
}

# Half a shard; IRSA without its provider; expiry before Glacier Instant Retrieval has paid off.
run "third" {
  command = plan

  variables {
    name                  = "archive-"
    stream_mode           = "PROVISIONED"
    sink                  = "kinesis"
    shard_count           = 1.5
    buffering_mib         = 1.5
    prefix                = "/prometheus/"
    writer_runs_on        = "irsa"
    expire_after_days     = 119
    glacier_ir_after_days = 30
    projection_start      = "2026/11/23/24"
  }

  expect_failures = [
    var.name,
    var.shard_count,
    var.buffering_mib,
    var.prefix,
    var.oidc_provider_arn,
    var.expire_after_days,
    var.projection_start,
  ]
}

# Shards on demand; an empty prefix.
run "fourth" {
  command = plan

  variables {
    sink              = "kinesis"
    shard_count       = 4
    prefix            = ""
    writer_runs_on    = "irsa"
    oidc_provider_arn = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    scan_gib_max      = -1
  }

  expect_failures = [
    var.shard_count,
    var.prefix,
    var.oidc_provider_arn,
    var.scan_gib_max,
  ]
}

# Shards of Direct PUT; an expression.
run "fifth" {
  command = plan

  variables {
    shard_count = 4
    prefix      = "!{timestamp:yyyy}/"
  }

  expect_failures = [
    var.shard_count,
    var.prefix,
  ]
}

# Where a variable is wrong, those that look at it are not asked: hence one by one.
run "prefix_upwards" {
  command = plan

  variables {
    prefix = "a/../b/"
  }

  expect_failures = [var.prefix]
}

run "results_among_errors" {
  command = plan

  variables {
    results_prefix = "errors/"
  }

  expect_failures = [var.results_prefix]
}

run "results_in_the_archive" {
  command = plan

  variables {
    results_prefix = "prometheus/results/"
  }

  expect_failures = [var.results_prefix]
}

run "errors_are_the_archive" {
  command = plan

  variables {
    error_prefix = "prometheus/"
  }

  expect_failures = [var.error_prefix]
}

run "archive_among_errors" {
  command = plan

  variables {
    prefix = "errors/archive/"
  }

  expect_failures = [var.error_prefix]
}

run "errors_without_slash" {
  command = plan

  variables {
    error_prefix = "errors"
  }

  expect_failures = [var.error_prefix]
}

run "results_without_slash" {
  command = plan

  variables {
    results_prefix = "results"
  }

  expect_failures = [var.results_prefix]
}
