"""DynamoDB and S3 as a recovery needs them."""
