"""The registry of feature groups on DynamoDB."""
