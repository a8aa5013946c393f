"""Calls that have to be refused."""

from botocore.exceptions import ClientError

from tests.conformance.store import values


def refusal(call, **members):
    """The ClientError that a call must raise."""
    try:
        answer = call(**members)
    except ClientError as error:
        return error
    raise AssertionError(f"it was not refused: {answer}")


def code(call, **members):
    """The code of the error that a call must raise."""
    return refusal(call, **members).response["Error"]["Code"]


def is_refused(store, group, record):
    """Whether a PutRecord is refused as malformed."""
    try:
        store.rt.put_record(FeatureGroupName=group, Record=values(record))
    except ClientError as error:
        return error.response["Error"]["Code"] == "ValidationError"
    return False


def refused(store, group, record, **members):
    """The code of the error that a PutRecord must raise."""
    return code(store.rt.put_record, FeatureGroupName=group, Record=values(record), **members)
