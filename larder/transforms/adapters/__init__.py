"""Transform jobs on DynamoDB, S3 and Step Functions."""
