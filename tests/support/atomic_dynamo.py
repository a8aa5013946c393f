"""moto's DynamoDB made atomic, as the real one is for each item."""

from threading import Lock

from larder.aws.dynamodb.boto import BotoDynamo


class AtomicDynamo(BotoDynamo):
    """One request at a time."""

    def __init__(self, client):
        super().__init__(client)
        self._lock = Lock()

    def call(self, *arguments):
        with self._lock:
            return super().call(*arguments)
