# What the other files share: names, ARNs, and what the program's compression means for the objects.
# ARNs are put together here and not taken from the resources, so that policies are known before anything exists and
# can be read in the plan.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  uses_stream   = var.sink == "kinesis"
  uses_firehose = var.sink != "s3"

  bucket       = coalesce(var.bucket_name, "${var.name}-${local.account}-${local.region}")
  bucket_arn   = "arn:${local.partition}:s3:::${local.bucket}"
  stream_arn   = "arn:${local.partition}:kinesis:${local.region}:${local.account}:stream/${var.name}"
  delivery_arn = "arn:${local.partition}:firehose:${local.region}:${local.account}:deliverystream/${var.name}"

  # Firehose puts records together as they are. Complete gzip members or zstd frames one after the other are a valid
  # file, so what the program compressed must not be compressed once more, and only the ending tells readers.
  firehose_compresses = var.compression == "none" && var.firehose_gzip
  firehose_format     = local.firehose_compresses ? "GZIP" : "UNCOMPRESSED"
  file_extension = local.firehose_compresses ? ".ndjson.gz" : {
    none = ".ndjson"
    gzip = ".ndjson.gz"
    zstd = ".ndjson.zst"
  }[var.compression]

  tags = merge({ "app" = "prometheus-remote-kinesis" }, var.tags)
}
