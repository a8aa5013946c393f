"""Lifecycle on DynamoDB and EventBridge."""
