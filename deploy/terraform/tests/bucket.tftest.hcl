# The bucket is private, encrypted, spoken to by TLS alone, and cheap to keep.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "private_and_encrypted_by_default" {
  command = plan

  assert {
    condition     = aws_s3_bucket.this[0].bucket == "prometheus-archive-123456789012-eu-west-1" && !aws_s3_bucket.this[0].force_destroy
    error_message = "A unique name, and nothing is destroyed by accident."
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.this[0].block_public_acls && aws_s3_bucket_public_access_block.this[0].block_public_policy &&
      aws_s3_bucket_public_access_block.this[0].ignore_public_acls && aws_s3_bucket_public_access_block.this[0].restrict_public_buckets
    )
    error_message = "Nothing is public."
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.this[0].rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "ACLs count for nothing."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this[0].rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "SSE-S3 without a key."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_s3_bucket_policy.this[0].policy).Statement :
      statement.Effect == "Deny" && statement.Principal == "*" && statement.Action == "s3:*" && length(statement.Resource) == 2
    ])
    error_message = "The policy only denies, and denies all of it."
  }

  assert {
    condition = (
      jsondecode(aws_s3_bucket_policy.this[0].policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false" &&
      jsondecode(aws_s3_bucket_policy.this[0].policy).Statement[1].Condition.NumericLessThan["s3:TlsVersion"] == "1.2"
    )
    error_message = "Without TLS, or with an old one, there is no access."
  }

  assert {
    condition     = length(aws_s3_bucket_versioning.this) == 0
    error_message = "Objects are written once; versions are a choice."
  }
}

run "lifecycle_by_default" {
  command = plan

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this[0].rule : rule.id] == ["abort-uploads", "query-results", "archive"]
    error_message = "Three rules."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this[0].rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 7
    error_message = "Uploads that never ended are removed."
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this[0].rule[1].filter[0].prefix == "athena-results/" &&
      aws_s3_bucket_lifecycle_configuration.this[0].rule[1].expiration[0].days == 30
    )
    error_message = "Results expire, and nothing beside them."
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this[0].rule[2].filter[0].prefix == "prometheus/" &&
      one(aws_s3_bucket_lifecycle_configuration.this[0].rule[2].transition).days == 90 &&
      one(aws_s3_bucket_lifecycle_configuration.this[0].rule[2].transition).storage_class == "GLACIER_IR" &&
      length(aws_s3_bucket_lifecycle_configuration.this[0].rule[2].expiration) == 0
    )
    error_message = "The archive gets cheaper and stays."
  }
}

run "lifecycle_with_expiry_and_versions" {
  command = plan

  variables {
    glacier_ir_after_days = 0
    expire_after_days     = 90
    versioning            = true
    noncurrent_days       = 3
  }

  assert {
    condition = (
      one(aws_s3_bucket_lifecycle_configuration.this[0].rule[2].transition).days == 0 &&
      aws_s3_bucket_lifecycle_configuration.this[0].rule[2].expiration[0].days == 90
    )
    error_message = "At once to Glacier Instant Retrieval, away after 90 days."
  }

  assert {
    condition = (
      aws_s3_bucket_versioning.this[0].versioning_configuration[0].status == "Enabled" &&
      aws_s3_bucket_lifecycle_configuration.this[0].rule[3].noncurrent_version_expiration[0].noncurrent_days == 3 &&
      aws_s3_bucket_lifecycle_configuration.this[0].rule[3].expiration[0].expired_object_delete_marker
    )
    error_message = "Old versions do not stay for ever."
  }
}

run "kept_as_it_is" {
  command = plan

  variables {
    glacier_ir_after_days = null
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this[0].rule : rule.id] == ["abort-uploads", "query-results"]
    error_message = "There is no rule for the archive."
  }
}

run "deleted_without_glacier" {
  command = plan

  variables {
    glacier_ir_after_days = null
    expire_after_days     = 7
  }

  assert {
    condition = (
      length(aws_s3_bucket_lifecycle_configuration.this[0].rule[2].transition) == 0 &&
      aws_s3_bucket_lifecycle_configuration.this[0].rule[2].expiration[0].days == 7
    )
    error_message = "Only expiry."
  }
}

run "a_key_of_ones_own" {
  command = plan

  variables {
    kms_key_arn   = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
    force_destroy = true
  }

  assert {
    condition = (
      one(one(aws_s3_bucket_server_side_encryption_configuration.this[0].rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms" &&
      one(one(aws_s3_bucket_server_side_encryption_configuration.this[0].rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn &&
      one(aws_s3_bucket_server_side_encryption_configuration.this[0].rule).bucket_key_enabled
    )
    error_message = "SSE-KMS with a bucket key."
  }

  assert {
    condition     = aws_s3_bucket.this[0].force_destroy && aws_athena_workgroup.this[0].force_destroy
    error_message = "Where it is asked for, all can go."
  }
}

run "a_bucket_of_ones_own" {
  command = plan

  variables {
    create_bucket = false
    bucket_name   = "our-bucket"
  }

  assert {
    condition = (
      length(aws_s3_bucket.this) == 0 && length(aws_s3_bucket_policy.this) == 0 && length(aws_s3_bucket_lifecycle_configuration.this) == 0 &&
      length(aws_s3_bucket_public_access_block.this) == 0 && length(aws_s3_bucket_server_side_encryption_configuration.this) == 0
    )
    error_message = "What is yours stays as it is."
  }

  assert {
    condition     = aws_kinesis_firehose_delivery_stream.this[0].extended_s3_configuration[0].bucket_arn == "arn:aws:s3:::our-bucket" && output.location == "s3://our-bucket/prometheus/"
    error_message = "It is used, though."
  }
}
