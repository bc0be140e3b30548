# Who may do what: exactly what is needed, on exactly what is theirs.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "writer_of_a_delivery_stream" {
  command = plan

  assert {
    condition = jsondecode(output.writer_policy).Statement == [{
      Sid      = "Put"
      Effect   = "Allow"
      Action   = ["firehose:PutRecordBatch"]
      Resource = ["arn:aws:firehose:eu-west-1:123456789012:deliverystream/prometheus-archive"]
    }]
    error_message = output.writer_policy
  }

  assert {
    condition     = jsondecode(aws_iam_role.writer[0].assume_role_policy).Statement == [{ Sid = "Writer", Effect = "Allow", Action = ["sts:AssumeRole"], Principal = { Service = "ec2.amazonaws.com" } }]
    error_message = aws_iam_role.writer[0].assume_role_policy
  }

  assert {
    condition     = aws_iam_instance_profile.writer[0].role == aws_iam_role.writer[0].name && aws_iam_role_policy_attachment.writer[0].role == "prometheus-archive-writer"
    error_message = "The instance profile has the role, the role the policy."
  }
}

run "writer_of_a_stream" {
  command = plan

  variables {
    sink = "kinesis"
  }

  assert {
    condition = jsondecode(output.writer_policy).Statement == [{
      Sid      = "Put"
      Effect   = "Allow"
      Action   = ["kinesis:ListShards", "kinesis:PutRecords"]
      Resource = ["arn:aws:kinesis:eu-west-1:123456789012:stream/prometheus-archive"]
    }]
    error_message = output.writer_policy
  }
}

run "writer_of_a_stream_with_a_key" {
  command = plan

  variables {
    sink             = "kinesis"
    kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
    writer_may_check = true
  }

  assert {
    condition     = [for each in jsondecode(output.writer_policy).Statement : each.Action] == [["kinesis:ListShards", "kinesis:PutRecords"], ["kms:GenerateDataKey"], ["kinesis:DescribeStreamSummary"]]
    error_message = output.writer_policy
  }

  assert {
    condition     = one(toset(flatten([for each in jsondecode(output.writer_policy).Statement : each.Resource if each.Sid != "Key"]))) == "arn:aws:kinesis:eu-west-1:123456789012:stream/prometheus-archive"
    error_message = "This stream alone."
  }

  assert {
    condition = (
      jsondecode(output.writer_policy).Statement[1].Resource == [var.kms_key_arn] &&
      jsondecode(output.writer_policy).Statement[1].Condition.StringEquals["kms:ViaService"] == "kinesis.eu-west-1.amazonaws.com"
    )
    error_message = "The key, by way of Kinesis alone."
  }
}

run "writer_of_objects" {
  command = plan

  variables {
    sink = "s3"
  }

  assert {
    condition = jsondecode(output.writer_policy).Statement == [
      {
        Sid      = "Put"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
        Resource = ["arn:aws:s3:::prometheus-archive-123456789012-eu-west-1/prometheus/*"]
      },
      {
        Sid      = "Bucket"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = ["arn:aws:s3:::prometheus-archive-123456789012-eu-west-1"]
      },
    ]
    error_message = output.writer_policy
  }
}

run "writer_of_objects_with_a_key" {
  command = plan

  variables {
    sink             = "s3"
    kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
    writer_may_check = true
  }

  assert {
    condition = (
      jsondecode(output.writer_policy).Statement[2].Action == ["kms:Decrypt", "kms:GenerateDataKey"] &&
      jsondecode(output.writer_policy).Statement[2].Condition.StringEquals["kms:ViaService"] == "s3.eu-west-1.amazonaws.com"
    )
    error_message = "Parts of an upload are decrypted to be put together."
  }

  assert {
    condition = jsondecode(output.writer_policy).Statement[3] == {
      Sid      = "Check"
      Effect   = "Allow"
      Action   = ["s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration"]
      Resource = ["arn:aws:s3:::prometheus-archive-123456789012-eu-west-1"]
    }
    error_message = output.writer_policy
  }
}

run "writer_of_a_delivery_stream_may_check" {
  command = plan

  variables {
    writer_may_check = true
    kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
  }

  assert {
    condition     = [for each in jsondecode(output.writer_policy).Statement : each.Action] == [["firehose:PutRecordBatch"], ["firehose:DescribeDeliveryStream"]]
    error_message = "Firehose has a grant of its own for the key."
  }
}

run "trust_ecs" {
  command = plan

  variables {
    writer_runs_on = "ecs"
  }

  assert {
    condition = (
      jsondecode(aws_iam_role.writer[0].assume_role_policy).Statement[0].Principal.Service == "ecs-tasks.amazonaws.com" &&
      jsondecode(aws_iam_role.writer[0].assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012" &&
      length(aws_iam_instance_profile.writer) == 0
    )
    error_message = aws_iam_role.writer[0].assume_role_policy
  }
}

run "trust_pod_identity" {
  command = plan

  variables {
    writer_runs_on   = "pod-identity"
    eks_cluster_name = "prod"
    service_account  = { namespace = "metrics" }
  }

  assert {
    condition = jsondecode(aws_iam_role.writer[0].assume_role_policy).Statement == [{
      Sid       = "Writer"
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "pods.eks.amazonaws.com" }
      Condition = { StringEquals = {
        "aws:RequestTag/kubernetes-namespace"       = "metrics"
        "aws:RequestTag/kubernetes-service-account" = "prometheus-remote-kinesis"
      } }
    }]
    error_message = aws_iam_role.writer[0].assume_role_policy
  }

  assert {
    condition = (
      aws_eks_pod_identity_association.writer[0].cluster_name == "prod" && aws_eks_pod_identity_association.writer[0].namespace == "metrics" &&
      aws_eks_pod_identity_association.writer[0].service_account == "prometheus-remote-kinesis"
    )
    error_message = "The service account is associated."
  }
}

run "trust_irsa" {
  command = plan

  variables {
    writer_runs_on    = "irsa"
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
  }

  assert {
    condition = jsondecode(aws_iam_role.writer[0].assume_role_policy).Statement == [{
      Sid       = "Writer"
      Effect    = "Allow"
      Action    = ["sts:AssumeRoleWithWebIdentity"]
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC" }
      Condition = { StringEquals = {
        "oidc.eks.eu-west-1.amazonaws.com/id/ABC:aud" = "sts.amazonaws.com"
        "oidc.eks.eu-west-1.amazonaws.com/id/ABC:sub" = "system:serviceaccount:monitoring:prometheus-remote-kinesis"
      } }
    }]
    error_message = aws_iam_role.writer[0].assume_role_policy
  }
}

run "trust_nobody" {
  command = plan

  variables {
    writer_runs_on = "none"
  }

  assert {
    condition     = length(aws_iam_role.writer) == 0 && length(aws_iam_instance_profile.writer) == 0 && output.writer_role_arn == null
    error_message = "Only the policy."
  }
}

run "reader" {
  command = plan

  variables {
    reader_principals = ["arn:aws:iam::123456789012:role/analyst"]
  }

  assert {
    condition     = jsondecode(aws_iam_role.reader[0].assume_role_policy).Statement[0].Principal.AWS == ["arn:aws:iam::123456789012:role/analyst"]
    error_message = aws_iam_role.reader[0].assume_role_policy
  }

  assert {
    condition = alltrue([
      for each in jsondecode(output.reader_policy).Statement :
      each.Effect == "Allow" && !contains(flatten([each.Action]), "*") && !contains(each.Resource, "*") && alltrue([for action in each.Action : !strcontains(action, "*")])
    ])
    error_message = "No wildcards for actions or everything."
  }

  assert {
    condition = one(flatten([
      for each in jsondecode(output.reader_policy).Statement : each.Resource if contains(each.Action, "s3:PutObject")
    ])) == "arn:aws:s3:::prometheus-archive-123456789012-eu-west-1/athena-results/*"
    error_message = "A reader puts results, and never into the archive."
  }

  assert {
    condition     = !anytrue([for each in flatten([for each in jsondecode(output.reader_policy).Statement : each.Action]) : startswith(each, "s3:Delete") || startswith(each, "glue:Delete") || startswith(each, "glue:Create") || startswith(each, "glue:Update")])
    error_message = "A reader changes nothing."
  }

  assert {
    condition = one([
      for each in jsondecode(output.reader_policy).Statement : each.Condition.StringLike["s3:prefix"] if each.Sid == "List"
    ]) == ["prometheus/*", "athena-results/*"]
    error_message = "A reader lists the archive and the results."
  }

  assert {
    condition     = one([for each in jsondecode(output.reader_policy).Statement : each.Resource if each.Sid == "Queries"]) == ["arn:aws:athena:eu-west-1:123456789012:workgroup/prometheus-archive"]
    error_message = "This workgroup alone."
  }

  assert {
    condition = one([for each in jsondecode(output.reader_policy).Statement : each.Resource if each.Sid == "Table"]) == [
      "arn:aws:glue:eu-west-1:123456789012:catalog",
      "arn:aws:glue:eu-west-1:123456789012:database/default",
      "arn:aws:glue:eu-west-1:123456789012:database/prometheus_archive",
      "arn:aws:glue:eu-west-1:123456789012:table/prometheus_archive/*",
    ]
    error_message = "Its own database, and the one that Athena asks for."
  }
}

run "reader_with_a_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
  }

  assert {
    condition     = length(aws_iam_role.reader) == 0 && one([for each in jsondecode(output.reader_policy).Statement : each.Action if each.Sid == "Key"]) == ["kms:Decrypt", "kms:GenerateDataKey"]
    error_message = "The archive is decrypted, results are encrypted."
  }
}

run "delivery" {
  command = plan

  variables {
    sink        = "kinesis"
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1111-2222"
  }

  assert {
    condition     = jsondecode(aws_iam_role.delivery[0].assume_role_policy).Statement[0].Condition.StringEquals["sts:ExternalId"] == "123456789012"
    error_message = "Only this account's Firehose may have the role."
  }

  assert {
    condition     = [for each in jsondecode(aws_iam_role_policy.delivery[0].policy).Statement : each.Sid] == ["Objects", "Bucket", "Log", "Stream", "StreamKey", "BucketKey"]
    error_message = aws_iam_role_policy.delivery[0].policy
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.delivery[0].policy).Statement[0].Resource == [
      "arn:aws:s3:::prometheus-archive-123456789012-eu-west-1/prometheus/*",
      "arn:aws:s3:::prometheus-archive-123456789012-eu-west-1/errors/*",
    ]
    error_message = "The archive and the errors, nothing else of the bucket."
  }
}

run "delivery_of_direct_put" {
  command = plan

  assert {
    condition     = [for each in jsondecode(aws_iam_role_policy.delivery[0].policy).Statement : each.Sid] == ["Objects", "Bucket", "Log"]
    error_message = "No stream, no key."
  }
}
