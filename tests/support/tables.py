"""The platform's tables as the stacks define them, for tests on moto."""


def create_records_table(client, name):
    _create(client, name)


def create_registry_table(client, name):
    _create(
        client,
        name,
        extra=[{"AttributeName": each, "AttributeType": "S"} for each in ("kind", "name")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "groups",
                "KeySchema": [
                    {"AttributeName": "kind", "KeyType": "HASH"},
                    {"AttributeName": "name", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def _create(client, name, extra=(), **more):
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            *extra,
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        **more,
    )
