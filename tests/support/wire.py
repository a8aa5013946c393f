"""Our own client of DynamoDB, for tests."""

from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.pool import ConnectionPool
from larder.aws.dynamodb.wire.signing import Signer
from larder.aws.retries import Retries

CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "token")


def wire_client(url, retries=None, **options):
    """A client of the server at ``url``, and what closes its connections."""
    endpoint = Endpoint.at(url, "us-east-1")
    pool = ConnectionPool(endpoint)
    signer = Signer(endpoint, lambda: CREDENTIALS)
    return DynamoWire(signer, pool, retries or Retries(), **options), pool.close
