"""Records on DynamoDB."""
