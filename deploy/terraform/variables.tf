# What goes in, and how.

variable "name" {
  description = "Names the stream, the delivery stream, roles, policies, alarms and the workgroup; the bucket and the database begin with it."
  type        = string
  default     = "prometheus-archive"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "name: 2 to 32 of a-z, 0-9 and -, beginning with a letter and not ending with -."
  }
}

variable "sink" {
  description = "What the program puts into: `firehose` (Direct PUT), `kinesis` (a stream that a delivery stream reads), or `s3` (objects, through the program's spool)."
  type        = string
  default     = "firehose"

  validation {
    condition     = contains(["firehose", "kinesis", "s3"], var.sink)
    error_message = "sink: firehose, kinesis or s3."
  }
}

variable "compression" {
  description = "The program's `--compression`: `gzip`, `zstd` or `none`. The file extension and Firehose's own compression follow from it."
  type        = string
  default     = "gzip"

  validation {
    condition     = contains(["gzip", "zstd", "none"], var.compression)
    error_message = "compression: gzip, zstd or none."
  }
}

variable "firehose_gzip" {
  description = "With `compression = \"none\"`: whether Firehose compresses the objects itself. Otherwise it never does, since they are compressed already."
  type        = bool
  default     = true
}

variable "stream_mode" {
  description = "Of the Kinesis stream: `ON_DEMAND` or `PROVISIONED`."
  type        = string
  default     = "ON_DEMAND"

  validation {
    condition     = contains(["ON_DEMAND", "PROVISIONED"], var.stream_mode)
    error_message = "stream_mode: ON_DEMAND or PROVISIONED."
  }
}

variable "shard_count" {
  description = "Shards of a provisioned stream: each takes 1 MB and 1,000 records a second."
  type        = number
  default     = 1

  validation {
    condition     = var.shard_count >= 1 && var.shard_count <= 10000 && floor(var.shard_count) == var.shard_count
    error_message = "shard_count: a whole number from 1 to 10000."
  }

  validation {
    condition     = var.shard_count == 1 || (var.sink == "kinesis" && var.stream_mode == "PROVISIONED")
    error_message = "shard_count counts only with sink = \"kinesis\" and stream_mode = \"PROVISIONED\"."
  }
}

variable "retention_hours" {
  description = "How long the Kinesis stream keeps records that Firehose has not fetched yet."
  type        = number
  default     = 24

  validation {
    condition     = var.retention_hours >= 24 && var.retention_hours <= 8760 && floor(var.retention_hours) == var.retention_hours
    error_message = "retention_hours: a whole number from 24 to 8760."
  }
}

variable "buffering_mib" {
  description = "Firehose makes an object of this many MiB at the latest. Large objects make queries cheaper."
  type        = number
  default     = 128

  validation {
    condition     = var.buffering_mib >= 1 && var.buffering_mib <= 128 && floor(var.buffering_mib) == var.buffering_mib
    error_message = "buffering_mib: a whole number from 1 to 128."
  }
}

variable "buffering_seconds" {
  description = "Firehose makes an object after this many seconds at the latest: so late samples become visible in the archive."
  type        = number
  default     = 300

  validation {
    condition     = var.buffering_seconds >= 0 && var.buffering_seconds <= 900 && floor(var.buffering_seconds) == var.buffering_seconds
    error_message = "buffering_seconds: a whole number from 0 to 900."
  }
}

# Where it is kept.

variable "create_bucket" {
  description = "Whether to create and look after the bucket. If not, `bucket_name` names one, whose encryption, policy and lifecycle are yours."
  type        = bool
  default     = true
}

variable "bucket_name" {
  description = "The bucket's name. Default: name, account and region, which is unique."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name: 3 to 63 of a-z, 0-9, . and -."
  }

  validation {
    condition     = var.create_bucket || var.bucket_name != null
    error_message = "bucket_name is needed with create_bucket = false."
  }
}

variable "prefix" {
  description = "What keys of the archive begin with; `YYYY/MM/DD/HH/` follows."
  type        = string
  default     = "prometheus/"

  validation {
    condition     = can(regex("^([a-zA-Z0-9_.=-]+/)+$", var.prefix)) && !can(regex("(^|/)\\.{1,2}/", var.prefix))
    error_message = "prefix: parts of a-z, A-Z, 0-9, _, ., = and -, each ending with /, like prometheus/ or metrics/prod/."
  }
}

variable "error_prefix" {
  description = "What Firehose could not deliver goes here, outside of the archive."
  type        = string
  default     = "errors/"

  validation {
    condition     = can(regex("^([a-zA-Z0-9_.=-]+/)+$", var.error_prefix))
    error_message = "error_prefix: like prefix, and ending with /."
  }

  validation {
    condition     = !startswith(var.error_prefix, var.prefix) && !startswith(var.prefix, var.error_prefix)
    error_message = "error_prefix and prefix must not lie within each other: readers of the archive would find errors in it."
  }
}

variable "results_prefix" {
  description = "Where Athena puts the results of queries; they expire after 30 days where the bucket is created here."
  type        = string
  default     = "athena-results/"

  validation {
    condition     = can(regex("^([a-zA-Z0-9_.=-]+/)+$", var.results_prefix))
    error_message = "results_prefix: like prefix, and ending with /."
  }

  validation {
    condition = alltrue([
      for other in [var.prefix, var.error_prefix] :
      !startswith(var.results_prefix, other) && !startswith(other, var.results_prefix)
    ])
    error_message = "results_prefix must lie outside of prefix and error_prefix, and they outside of it: results expire."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` may remove the bucket with all that is in it."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "A KMS key of yours for bucket, streams and query results. Default: SSE-S3 for the bucket, and keys that AWS looks after for the streams."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a key (not of an alias), arn:aws:kms:REGION:ACCOUNT:key/ID."
  }
}

variable "versioning" {
  description = "Whether the bucket keeps what was deleted or replaced, for `noncurrent_days`."
  type        = bool
  default     = false
}

variable "noncurrent_days" {
  description = "With versioning: how long old versions are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_days >= 1 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "noncurrent_days: a whole number of days, at least 1."
  }
}

variable "glacier_ir_after_days" {
  description = "Days after which objects go to Glacier Instant Retrieval: a fifth of the price to keep, dearer to read, still there at once. null: never."
  type        = number
  default     = 90

  validation {
    condition     = var.glacier_ir_after_days == null ? true : var.glacier_ir_after_days >= 0 && floor(var.glacier_ir_after_days) == var.glacier_ir_after_days
    error_message = "glacier_ir_after_days: a whole number of days, or null."
  }
}

variable "expire_after_days" {
  description = "Days after which objects are deleted. null: they are kept."
  type        = number
  default     = null

  validation {
    condition     = var.expire_after_days == null ? true : var.expire_after_days >= 1 && floor(var.expire_after_days) == var.expire_after_days
    error_message = "expire_after_days: a whole number of days, at least 1, or null."
  }

  validation {
    condition = (
      var.expire_after_days == null || var.glacier_ir_after_days == null ? true :
      var.expire_after_days >= var.glacier_ir_after_days + 90
    )
    error_message = "expire_after_days must be 90 days or more beyond glacier_ir_after_days, because Glacier Instant Retrieval is billed for 90 days at least; or set glacier_ir_after_days = null."
  }
}
