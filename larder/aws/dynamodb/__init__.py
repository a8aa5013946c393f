"""DynamoDB: one interface, implemented by boto3 and by our own lean client."""
