# A stream that other consumers can read as well, zstd, a key of your own, and a pod that gets its role by its service
# account. After two years objects are deleted.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

variable "kms_key_arn" {
  type = string
}

variable "cluster_name" {
  type = string
}

provider "aws" {
  region = "eu-west-1"
}

module "archive" {
  source = "../.."

  name            = "metrics-prod"
  sink            = "kinesis"
  compression     = "zstd"
  stream_mode     = "PROVISIONED"
  shard_count     = 2
  retention_hours = 72

  kms_key_arn       = var.kms_key_arn
  expire_after_days = 730

  writer_runs_on   = "pod-identity"
  eks_cluster_name = var.cluster_name
  service_account  = { namespace = "monitoring", name = "prometheus-remote-kinesis" }
  writer_may_check = true

  tags = { team = "observability" }
}

output "environment" {
  value = module.archive.environment
}

output "writer_role_arn" {
  value = module.archive.writer_role_arn
}
