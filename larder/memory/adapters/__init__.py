"""The in-memory tier on DynamoDB Streams."""
