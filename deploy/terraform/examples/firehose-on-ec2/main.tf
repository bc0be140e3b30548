# The shortest way: Direct PUT into a delivery stream, from an EC2 instance that gets the instance profile.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

module "archive" {
  source = "../.."

  alarm_email = "ops@example.com"
}

output "command" {
  value = module.archive.command
}

output "instance_profile" {
  value = module.archive.writer_instance_profile
}

output "athena" {
  value = module.archive.athena
}
