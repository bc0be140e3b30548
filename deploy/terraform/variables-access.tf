# Who may write and read, who is told, and what may be queried.

variable "writer_runs_on" {
  description = "Where the program runs, for the trust of its role: `ec2` (with an instance profile), `ecs`, `pod-identity` (EKS), `irsa` (EKS, service account by OIDC), or `none` (only a policy, for you to attach)."
  type        = string
  default     = "ec2"

  validation {
    condition     = contains(["ec2", "ecs", "pod-identity", "irsa", "none"], var.writer_runs_on)
    error_message = "writer_runs_on: ec2, ecs, pod-identity, irsa or none."
  }
}

variable "service_account" {
  description = "With `irsa` and `pod-identity`: the Kubernetes service account that the program runs as."
  type = object({
    namespace = optional(string, "monitoring")
    name      = optional(string, "prometheus-remote-kinesis")
  })
  default = {}

  validation {
    condition = alltrue([
      for each in [var.service_account.namespace, var.service_account.name] :
      can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", each))
    ])
    error_message = "service_account: namespace and name as Kubernetes allows them, no wildcards."
  }
}

variable "oidc_provider_arn" {
  description = "With `irsa`: the cluster's OIDC provider."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn: arn:aws:iam::ACCOUNT:oidc-provider/oidc.eks.REGION.amazonaws.com/id/ID."
  }

  validation {
    condition     = var.writer_runs_on != "irsa" || var.oidc_provider_arn != null
    error_message = "oidc_provider_arn is needed with writer_runs_on = \"irsa\"."
  }
}

variable "eks_cluster_name" {
  description = "With `pod-identity`: the cluster in which to associate the service account with the role. null: you do that."
  type        = string
  default     = null

  validation {
    condition     = var.eks_cluster_name == null || var.writer_runs_on == "pod-identity"
    error_message = "eks_cluster_name counts only with writer_runs_on = \"pod-identity\"."
  }
}

variable "writer_may_check" {
  description = "Whether the writer may also look at the settings of its stream or bucket, so that the `check` command can compare them."
  type        = bool
  default     = false
}

variable "reader_principals" {
  description = "ARNs of the users and roles that may assume the reader's role. Empty: there is only its policy, for you to attach."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.reader_principals : can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[^*]+$", each))])
    error_message = "reader_principals: ARNs of users, roles or accounts, no wildcards."
  }
}

variable "query" {
  description = "Whether to create the Glue table and the Athena workgroup."
  type        = bool
  default     = true
}

variable "projection_start" {
  description = "The first hour that Athena looks for, `YYYY/MM/DD/HH` in UTC."
  type        = string
  default     = "2024/01/01/00"

  validation {
    condition     = can(regex("^[0-9]{4}/(0[1-9]|1[0-2])/(0[1-9]|[12][0-9]|3[01])/([01][0-9]|2[0-3])$", var.projection_start))
    error_message = "projection_start: an hour like 2026/11/23/00."
  }
}

variable "scan_gib_max" {
  description = "What one query may read, in GiB, before Athena ends it. null: anything."
  type        = number
  default     = 100

  validation {
    condition     = var.scan_gib_max == null ? true : var.scan_gib_max >= 1
    error_message = "scan_gib_max: at least 1, or null."
  }
}

variable "alarms" {
  description = "Whether to create the CloudWatch alarms."
  type        = bool
  default     = true
}

variable "alarm_topic_arns" {
  description = "SNS topics that are told of alarms."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.alarm_topic_arns : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:.+$", each))])
    error_message = "alarm_topic_arns: ARNs of SNS topics."
  }
}

variable "alarm_email" {
  description = "An address that is told of alarms, by an SNS topic created for it. AWS asks it to confirm."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.alarm_email))
    error_message = "alarm_email: an address."
  }

  validation {
    condition     = var.alarm_email == null || var.alarms
    error_message = "alarm_email needs alarms = true."
  }
}

variable "silence_minutes" {
  description = "Alarm when nothing arrives for so long. 0: no such alarm."
  type        = number
  default     = 30

  validation {
    condition     = var.silence_minutes >= 0 && var.silence_minutes <= 1440 && floor(var.silence_minutes / 5) * 5 == var.silence_minutes
    error_message = "silence_minutes: a multiple of 5 up to 1440."
  }
}

variable "tags" {
  description = "On everything that takes tags."
  type        = map(string)
  default     = {}
}
