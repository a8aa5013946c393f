"""What programs that call Larder import: the direct door, and a hook for AWS's own clients."""

from larder.aws.dynamodb.wire.client import DynamoRefused
from larder.client.async_feature_store import AsyncFeatureStore
from larder.client.columns import Columns
from larder.client.feature_store import FeatureStore
from larder.client.records import Record, UnreadRecords
from larder.client.signing import sign_for_execute_api, sign_for_function_url
from larder.records.ports import Consistency
from larder.records.read import GetRecords
from larder.records.write import WriteOutcome

__all__ = [
    "AsyncFeatureStore",
    "Columns",
    "Consistency",
    "DynamoRefused",
    "FeatureStore",
    "GetRecords",
    "Record",
    "UnreadRecords",
    "WriteOutcome",
    "sign_for_execute_api",
    "sign_for_function_url",
]
