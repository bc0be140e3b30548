# What the program may do: the permissions of the README's table, on this stream or prefix, and nothing else.

locals {
  writer_statements = {
    firehose = [
      {
        Sid      = "Put"
        Effect   = "Allow"
        Action   = ["firehose:PutRecordBatch"]
        Resource = [local.delivery_arn]
      },
    ]
    kinesis = [
      {
        Sid      = "Put"
        Effect   = "Allow"
        Action   = ["kinesis:ListShards", "kinesis:PutRecords"]
        Resource = [local.stream_arn]
      },
    ]
    s3 = [
      {
        Sid      = "Put"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
        Resource = ["${local.bucket_arn}/${var.prefix}*"]
      },
      {
        # Not narrowed to the prefix: without ListBucket an object that is missing looks like one that is forbidden.
        Sid      = "Bucket"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = [local.bucket_arn]
      },
    ]
  }

  # A key of yours is used in the writer's name by Kinesis and S3; Firehose has a grant of its own.
  writer_key_services = { kinesis = "kinesis", s3 = "s3" }
  writer_key_statements = var.kms_key_arn == null || var.sink == "firehose" ? [] : [
    {
      Sid    = "Key"
      Effect = "Allow"
      # S3 decrypts the parts of an upload to put them together.
      Action   = var.sink == "s3" ? ["kms:Decrypt", "kms:GenerateDataKey"] : ["kms:GenerateDataKey"]
      Resource = [var.kms_key_arn]
      Condition = {
        StringEquals = { "kms:ViaService" = "${local.writer_key_services[var.sink]}.${local.region}.amazonaws.com" }
      }
    },
  ]

  writer_check = {
    firehose = { actions = ["firehose:DescribeDeliveryStream"], resources = [local.delivery_arn] }
    kinesis  = { actions = ["kinesis:DescribeStreamSummary"], resources = [local.stream_arn] }
    s3 = {
      actions   = ["s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration"]
      resources = [local.bucket_arn]
    }
  }[var.sink]
  writer_check_statements = !var.writer_may_check ? [] : [
    {
      Sid      = "Check"
      Effect   = "Allow"
      Action   = local.writer_check.actions
      Resource = local.writer_check.resources
    },
  ]

  writer_policy = jsonencode({
    Version = "2012-10-17"
    Statement = flatten([
      local.writer_statements[var.sink],
      local.writer_key_statements,
      local.writer_check_statements,
    ])
  })

  service_account_subject = "system:serviceaccount:${var.service_account.namespace}:${var.service_account.name}"
  oidc_issuer             = var.oidc_provider_arn == null ? "" : replace(var.oidc_provider_arn, "/^.*:oidc-provider\\//", "")
  pod_tags = {
    "aws:RequestTag/kubernetes-namespace"       = var.service_account.namespace
    "aws:RequestTag/kubernetes-service-account" = var.service_account.name
  }

  writer_trust = {
    ec2 = {
      Action    = ["sts:AssumeRole"]
      Principal = { Service = "ec2.amazonaws.com" }
      Condition = {}
    }
    ecs = {
      Action    = ["sts:AssumeRole"]
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }
    pod-identity = {
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "pods.eks.amazonaws.com" }
      Condition = { StringEquals = local.pod_tags }
    }
    irsa = {
      Action    = ["sts:AssumeRoleWithWebIdentity"]
      Principal = { Federated = coalesce(var.oidc_provider_arn, "none") }
      Condition = {
        StringEquals = {
          "${local.oidc_issuer}:aud" = "sts.amazonaws.com"
          "${local.oidc_issuer}:sub" = local.service_account_subject
        }
      }
    }
  }
}

resource "aws_iam_policy" "writer" {
  name        = "${var.name}-writer"
  description = "prometheus-remote-kinesis puts into ${var.sink} ${var.name}"
  policy      = local.writer_policy
  tags        = local.tags
}

resource "aws_iam_role" "writer" {
  count = var.writer_runs_on == "none" ? 0 : 1

  name        = "${var.name}-writer"
  description = "prometheus-remote-kinesis, ${var.writer_runs_on}"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    # A condition that is empty is not written.
    Statement = [{
      for key, value in merge({ Sid = "Writer", Effect = "Allow" }, local.writer_trust[var.writer_runs_on]) :
      key => value if value != {}
    }]
  })
}

resource "aws_iam_role_policy_attachment" "writer" {
  count = var.writer_runs_on == "none" ? 0 : 1

  role       = aws_iam_role.writer[0].name
  policy_arn = aws_iam_policy.writer.arn
}

resource "aws_iam_instance_profile" "writer" {
  count = var.writer_runs_on == "ec2" ? 1 : 0

  name = "${var.name}-writer"
  role = aws_iam_role.writer[0].name
  tags = local.tags
}

resource "aws_eks_pod_identity_association" "writer" {
  count = var.eks_cluster_name == null ? 0 : 1

  cluster_name    = var.eks_cluster_name
  namespace       = var.service_account.namespace
  service_account = var.service_account.name
  role_arn        = aws_iam_role.writer[0].arn
  tags            = local.tags
}
