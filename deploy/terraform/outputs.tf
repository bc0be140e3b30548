locals {
  sink_of_program = {
    firehose = "firehose:${var.name}"
    kinesis  = "kinesis:${var.name}"
    s3       = "s3://${local.bucket}/${trimsuffix(var.prefix, "/")}"
  }[var.sink]
}

output "command" {
  description = "Starts the program."
  value       = "prometheus-remote-kinesis --sink ${local.sink_of_program} --region ${local.region} --compression ${var.compression}"
}

output "environment" {
  description = "The same as environment variables."
  value = {
    SINK        = local.sink_of_program
    REGION      = local.region
    COMPRESSION = var.compression
  }
}

output "bucket" {
  description = "The bucket of the archive."
  value       = local.bucket
}

output "location" {
  description = "Where the archive is: for `ddl --location`, DuckDB and others."
  value       = local.location
}

output "errors_location" {
  description = "What Firehose could not deliver."
  value       = local.uses_firehose ? "s3://${local.bucket}/${var.error_prefix}" : null
}

output "file_extension" {
  description = "What keys of Firehose's objects end in; null with sink = \"s3\"."
  value       = local.uses_firehose ? local.file_extension : null
}

output "writer_policy_arn" {
  description = "What the program needs. With writer_runs_on = \"none\": attach it to whom it runs as."
  value       = aws_iam_policy.writer.arn
}

output "writer_policy" {
  description = "The same as JSON."
  value       = local.writer_policy
}

output "writer_role_arn" {
  description = "The program's role: for a task definition, or the annotation eks.amazonaws.com/role-arn of its service account."
  value       = one(aws_iam_role.writer[*].arn)
}

output "writer_instance_profile" {
  description = "With writer_runs_on = \"ec2\": for the instance."
  value       = one(aws_iam_instance_profile.writer[*].name)
}

output "reader_policy_arn" {
  description = "What someone who queries the archive needs."
  value       = aws_iam_policy.reader.arn
}

output "reader_policy" {
  description = "The same as JSON."
  value       = local.reader_policy
}

output "reader_role_arn" {
  description = "With reader_principals: their role."
  value       = one(aws_iam_role.reader[*].arn)
}

output "athena" {
  description = "Where to ask; null with query = false."
  value = !var.query ? null : {
    workgroup = aws_athena_workgroup.this[0].name
    database  = aws_glue_catalog_database.this[0].name
    table     = aws_glue_catalog_table.samples[0].name
  }
}

output "alarm_names" {
  description = "The CloudWatch alarms."
  value       = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name]
}
