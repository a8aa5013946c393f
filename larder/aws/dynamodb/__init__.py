"""DynamoDB: one interface, implemented by boto3 and by a lean client."""
