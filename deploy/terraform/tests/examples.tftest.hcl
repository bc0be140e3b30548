# The examples can be applied, and print what to start.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "firehose_on_ec2" {
  module {
    source = "./examples/firehose-on-ec2"
  }

  assert {
    condition     = output.command == "prometheus-remote-kinesis --sink firehose:prometheus-archive --region eu-west-1 --compression gzip" && output.instance_profile == "prometheus-archive-writer"
    error_message = output.command
  }
}

run "kinesis_on_eks" {
  variables {
    kms_key_arn  = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
    cluster_name = "prod"
  }

  module {
    source = "./examples/kinesis-on-eks"
  }

  assert {
    condition     = output.environment == { SINK = "kinesis:metrics-prod", REGION = "eu-west-1", COMPRESSION = "zstd" }
    error_message = jsonencode(output.environment)
  }
}

run "s3_with_own_bucket" {
  variables {
    bucket_name = "our-bucket"
  }

  module {
    source = "./examples/s3-with-own-bucket"
  }

  assert {
    condition     = output.command == "prometheus-remote-kinesis --sink s3://our-bucket/metrics/prod --region eu-west-1 --compression gzip"
    error_message = output.command
  }
}
