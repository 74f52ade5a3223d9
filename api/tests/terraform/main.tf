terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "endpoint" {}
variable "step" {}
locals {
  first_digest  = "1111111111111111111111111111111111111111111111111111111111111111"
  second_digest = "2222222222222222222222222222222222222222222222222222222222222222"
}
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints { lambda = var.endpoint }
}
resource "aws_lambda_function" "f" {
  function_name           = "tf"
  role                    = "arn:aws:iam::000000000000:role/r"
  handler                 = "index.handler"
  runtime                 = "nodejs22.x"
  filename                = "function.zip"
  source_code_hash        = filebase64sha256("function.zip")
  memory_size             = var.step == "1" ? 128 : 256
  publish                 = true
  layers                  = [aws_lambda_layer_version.l.arn]
  code_signing_config_arn = aws_lambda_code_signing_config.c.arn
  dynamic "environment" {
    for_each = var.step == "1" ? [1] : []
    content {
      variables = { STEP = "1" }
    }
  }
}
resource "aws_lambda_function" "image" {
  function_name = "tf-image"
  role          = "arn:aws:iam::000000000000:role/r"
  package_type  = "Image"
  image_uri     = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tf@sha256:${var.step == "1" ? local.first_digest : local.second_digest}"
  image_config { command = ["app.handler"] }
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.f.function_name
  function_version = "1"
  dynamic "routing_config" {
    for_each = var.step == "1" ? [] : [1]
    content {
      additional_version_weights = { "2" = 0.25 }
    }
  }
}
resource "aws_lambda_function_url" "u" {
  function_name      = aws_lambda_function.f.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = "NONE"
  cors { allow_origins = ["*"] }
}
resource "aws_lambda_function_event_invoke_config" "e" {
  function_name          = aws_lambda_function.f.function_name
  qualifier              = aws_lambda_alias.live.name
  maximum_retry_attempts = var.step == "1" ? 0 : 1
}
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = "arn:aws:sqs:us-east-1:000000000000:q"
  function_name    = aws_lambda_alias.live.arn
  batch_size       = var.step == "1" ? 5 : 6
  filter_criteria {
    filter {
      pattern = jsonencode({ body = { a = ["x"] } })
    }
  }
}
resource "aws_lambda_event_source_mapping" "s" {
  event_source_arn = "arn:aws:events:us-east-1:000000000000:rule/r/cron(0/5 9-17 ? * MON-FRI *)"
  function_name    = aws_lambda_function.f.function_name
  enabled          = var.step == "1"
}
resource "aws_lambda_layer_version" "l" {
  layer_name = "tflayer"
  filename   = "function.zip"
}
resource "aws_lambda_layer_version_permission" "lp" {
  layer_name     = aws_lambda_layer_version.l.layer_name
  version_number = aws_lambda_layer_version.l.version
  principal      = "*"
  action         = "lambda:GetLayerVersion"
  statement_id   = "all"
}
resource "aws_lambda_permission" "p" {
  statement_id  = "s3"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = "arn:aws:s3:::b"
}
resource "aws_lambda_code_signing_config" "c" {
  allowed_publishers { signing_profile_version_arns = ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/abcdefghij"] }
  policies { untrusted_artifact_on_deployment = "Warn" }
}
resource "aws_lambda_provisioned_concurrency_config" "p" {
  function_name                     = aws_lambda_function.f.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = var.step == "1" ? 1 : 2
}
resource "aws_lambda_function_recursion_config" "r" {
  function_name  = aws_lambda_function.f.function_name
  recursive_loop = var.step == "1" ? "Allow" : "Terminate"
}
resource "aws_lambda_runtime_management_config" "r" {
  function_name     = aws_lambda_function.f.function_name
  update_runtime_on = "FunctionUpdate"
}
