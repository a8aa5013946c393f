"""The offline store on S3, Glue, Athena and DynamoDB."""
