terraform {
  # 1.9: the validation of a variable may look at other variables.
  required_version = ">= 1.9.0"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 5.100 is what the tests run with.
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}
