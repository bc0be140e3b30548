# Who asks: the archive's objects, the table and the workgroup, and nothing that changes the archive.

locals {
  glue_arn      = "arn:${local.partition}:glue:${local.region}:${local.account}"
  workgroup_arn = "arn:${local.partition}:athena:${local.region}:${local.account}:workgroup/${var.name}"

  reader_object_statements = [
    {
      Sid      = "Objects"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["${local.bucket_arn}/${var.prefix}*"]
    },
    {
      Sid      = "Bucket"
      Effect   = "Allow"
      Action   = ["s3:GetBucketLocation"]
      Resource = [local.bucket_arn]
    },
  ]

  reader_list_statements = [
    {
      Sid      = "List"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [local.bucket_arn]
      Condition = {
        StringLike = { "s3:prefix" = concat(["${var.prefix}*"], var.query ? ["${var.results_prefix}*"] : []) }
      }
    },
  ]

  reader_query_statements = !var.query ? [] : [
    {
      Sid    = "Results"
      Effect = "Allow"
      Action = [
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
      ]
      Resource = ["${local.bucket_arn}/${var.results_prefix}*"]
    },
    {
      Sid    = "Queries"
      Effect = "Allow"
      Action = [
        "athena:BatchGetQueryExecution",
        "athena:GetQueryExecution",
        "athena:GetQueryResults",
        "athena:GetQueryResultsStream",
        "athena:GetWorkGroup",
        "athena:ListQueryExecutions",
        "athena:StartQueryExecution",
        "athena:StopQueryExecution",
      ]
      Resource = [local.workgroup_arn]
    },
    {
      Sid    = "Table"
      Effect = "Allow"
      Action = ["glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
      Resource = [
        "${local.glue_arn}:catalog",
        # Athena asks for this one as well, and queries can fail where it may not.
        "${local.glue_arn}:database/default",
        "${local.glue_arn}:database/${local.database}",
        "${local.glue_arn}:table/${local.database}/*",
      ]
    },
  ]

  reader_key_statements = var.kms_key_arn == null ? [] : [
    {
      Sid      = "Key"
      Effect   = "Allow"
      Action   = var.query ? ["kms:Decrypt", "kms:GenerateDataKey"] : ["kms:Decrypt"]
      Resource = [var.kms_key_arn]
      Condition = {
        StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" }
      }
    },
  ]

  reader_policy = jsonencode({
    Version = "2012-10-17"
    Statement = flatten([
      local.reader_object_statements,
      local.reader_list_statements,
      local.reader_query_statements,
      local.reader_key_statements,
    ])
  })
}

resource "aws_iam_policy" "reader" {
  name        = "${var.name}-reader"
  description = "Reads the archive ${local.location}"
  policy      = local.reader_policy
  tags        = local.tags
}

resource "aws_iam_role" "reader" {
  count = length(var.reader_principals) > 0 ? 1 : 0

  name        = "${var.name}-reader"
  description = "Reads the archive ${local.location}"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Reader"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.reader_principals }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "reader" {
  count = length(var.reader_principals) > 0 ? 1 : 0

  role       = aws_iam_role.reader[0].name
  policy_arn = aws_iam_policy.reader.arn
}
