"""Our own client of DynamoDB, for tests."""

from larder.adapters.dynamodb_wire import DynamoWire
from larder.adapters.dynamodb_wire.credentials import Credentials
from larder.adapters.dynamodb_wire.endpoint import Endpoint
from larder.adapters.dynamodb_wire.pool import ConnectionPool
from larder.adapters.dynamodb_wire.signing import Signer
from larder.adapters.retries import Retries

CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "token")


def wire_client(url, retries=None, **options):
    """A client of the server at ``url``, and what closes its connections."""
    endpoint = Endpoint.at(url, "us-east-1")
    pool = ConnectionPool(endpoint)
    signer = Signer(endpoint, lambda: CREDENTIALS)
    return DynamoWire(signer, pool, retries or Retries(), **options), pool.close
