"""Trainings over DynamoDB, S3 and Parquet."""
