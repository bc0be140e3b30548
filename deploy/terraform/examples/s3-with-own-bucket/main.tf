# The cheapest way: the program puts objects itself, through its spool, into a bucket that is there already. Lifecycle
# and encryption are the bucket's own; the writer's policy is for you to attach.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

variable "bucket_name" {
  type = string
}

provider "aws" {
  region = "eu-west-1"
}

module "archive" {
  source = "../.."

  sink           = "s3"
  create_bucket  = false
  bucket_name    = var.bucket_name
  prefix         = "metrics/prod/"
  writer_runs_on = "none"
}

output "command" {
  value = module.archive.command
}

output "writer_policy_arn" {
  value = module.archive.writer_policy_arn
}
