# One plan for each kind of sink, which other programs read: npm test compares their outputs with the command line of the
# program and with the permissions in the README, and the table with that of the ddl command.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "firehose" {
  command = plan

  assert {
    condition     = output.environment.SINK == "firehose:prometheus-archive" && output.environment.REGION == "eu-west-1"
    error_message = output.environment.SINK
  }
}

run "kinesis" {
  command = plan

  variables {
    sink        = "kinesis"
    compression = "zstd"
  }

  assert {
    condition     = output.environment.SINK == "kinesis:prometheus-archive" && output.environment.COMPRESSION == "zstd"
    error_message = output.environment.SINK
  }
}

run "s3" {
  command = plan

  variables {
    sink   = "s3"
    prefix = "a/b/"
  }

  assert {
    condition     = output.environment.SINK == "s3://prometheus-archive-123456789012-eu-west-1/a/b"
    error_message = output.environment.SINK
  }
}
