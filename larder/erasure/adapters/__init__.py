"""Erasure on DynamoDB, S3 and Iceberg."""
