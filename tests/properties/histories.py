"""Random histories, driven through a boto3 client and the oracle at once.

Event times have one form, so that the oracle may compare them as texts. A time to live of a second
has passed for every event time but those of the year 9000, for which it never passes.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import itemgetter

import boto3
from botocore.exceptions import ClientError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.records.adapters.dynamodb import DynamoRecordStore
from tests.properties.oracle import EVENT_TIME, IDENTIFIER, Oracle
from tests.support.tables import create_records_table

IDENTIFIERS = st.sampled_from(["a", "b", "é/ ,+", "long" * 300])
MOMENTS = st.sampled_from(
    [f"2024-01-01T00:00:0{second}.000000001Z" for second in range(5)]
    + [f"9000-01-01T00:00:0{second}.000000000Z" for second in range(2)]
)
TEXTS = st.sampled_from(["", "0", "0.0", "ü,\"'\\", "x" * 50])
FEATURES = st.fixed_dictionaries(
    {}, optional={"city": TEXTS, "clicks": st.sampled_from(["1", "-7"])}
)
NAMES = st.none() | st.lists(
    st.sampled_from([IDENTIFIER, "city", "clicks"]), min_size=1, max_size=3, unique=True
)


def outcome(call, **members):
    """The answer, or the name of the error raised."""
    try:
        return call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"]


def as_record(identifier, event_time, features):
    values = {IDENTIFIER: identifier, EVENT_TIME: event_time, **features}
    return [{"FeatureName": name, "ValueAsString": text} for name, text in values.items()]


def as_dict(record):
    return {each["FeatureName"]: each["ValueAsString"] for each in record}


class Histories(RuleBasedStateMachine):
    """One group under random use. A subclass's ``door`` gives a client and a new group's name."""

    def door(self):
        raise AssertionError("a subclass says which door")

    def new_oracle(self):
        return Oracle()

    @initialize()
    def open(self):
        self.client, self.group = self.door()
        self.oracle = self.new_oracle()

    @rule(identifier=IDENTIFIERS, event_time=MOMENTS, features=FEATURES, ttl=st.booleans())
    def put(self, identifier, event_time, features, ttl):
        more = {"TtlDuration": {"Unit": "Seconds", "Value": 1}} if ttl else {}
        answer = outcome(
            self.client.put_record,
            FeatureGroupName=self.group,
            Record=as_record(identifier, event_time, features),
            **more,
        )
        assert isinstance(answer, dict), answer
        self.oracle.put(identifier, event_time, features, ttl and event_time < "9")

    @rule(entries=st.lists(st.tuples(IDENTIFIERS, MOMENTS, FEATURES), min_size=1, max_size=5))
    def batch_write(self, entries):
        answer = self.client.batch_write_record(
            Entries=[
                {"FeatureGroupName": self.group, "Record": as_record(*entry)} for entry in entries
            ]
        )
        assert (answer["Errors"], answer["UnprocessedEntries"]) == ([], [])
        for entry in entries:
            self.oracle.put(*entry)

    @rule(
        identifier=IDENTIFIERS,
        writes=st.lists(
            st.tuples(MOMENTS, FEATURES), min_size=2, max_size=4, unique_by=lambda each: each[0]
        ),
    )
    def concurrent_puts(self, identifier, writes):
        """Writers of one record at once, at event times of their own: the order can't matter."""

        def put(event_time, features):
            record = as_record(identifier, event_time, features)
            return outcome(self.client.put_record, FeatureGroupName=self.group, Record=record)

        answers = self.at_once([partial(put, *write) for write in writes])
        assert all(isinstance(answer, dict) for answer in answers), answers
        for write in sorted(writes, key=itemgetter(0)):
            self.oracle.put(identifier, *write)

    def at_once(self, calls):
        """The answers of calls made in the order that Hypothesis drew; threads where they pay."""
        return [call() for call in calls]

    @rule(identifier=IDENTIFIERS, event_time=MOMENTS)
    def soft_delete(self, identifier, event_time):
        answer = outcome(
            self.client.delete_record,
            FeatureGroupName=self.group,
            RecordIdentifierValueAsString=identifier,
            EventTime=event_time,
        )
        assert isinstance(answer, dict), answer
        self.oracle.soft_delete(identifier, event_time)

    @rule(identifier=IDENTIFIERS, event_time=MOMENTS)
    def hard_delete(self, identifier, event_time):
        answer = outcome(
            self.client.delete_record,
            FeatureGroupName=self.group,
            RecordIdentifierValueAsString=identifier,
            EventTime=event_time,
            DeletionMode="HardDelete",
        )
        expected = self.oracle.hard_delete(identifier, event_time)
        assert isinstance(answer, dict) if expected is None else answer == expected

    @rule(identifier=IDENTIFIERS, features=FEATURES, event_time=st.none() | MOMENTS)
    def update(self, identifier, features, event_time):
        changes = dict(features) if event_time is None else {**features, EVENT_TIME: event_time}
        changes = changes or {"city": "z"}
        answer = outcome(
            self.client.update_record,
            FeatureGroupName=self.group,
            RecordIdentifierValueAsString=identifier,
            Features=[{"FeatureName": n, "ValueAsString": v} for n, v in changes.items()],
        )
        changes.pop(EVENT_TIME, None)
        expected = self.oracle.update(identifier, changes, event_time)
        assert isinstance(answer, dict) if expected is None else answer == expected

    @rule(identifier=IDENTIFIERS, names=NAMES)
    def get(self, identifier, names):
        answer = self.client.get_record(
            FeatureGroupName=self.group,
            RecordIdentifierValueAsString=identifier,
            **({"FeatureNames": names} if names else {}),
        )
        expected = self.oracle.get(identifier, names)
        assert (as_dict(answer["Record"]) if "Record" in answer else None) == (expected or None)

    @rule(identifiers=st.lists(IDENTIFIERS, min_size=1, max_size=4, unique=True))
    def batch_get(self, identifiers):
        found, left = {}, identifiers
        while left:
            wanted = {"FeatureGroupName": self.group, "RecordIdentifiersValueAsString": left}
            answer = self.client.batch_get_record(Identifiers=[wanted])
            assert answer["Errors"] == []
            for each in answer["Records"]:
                found[each["RecordIdentifierValueAsString"]] = as_dict(each["Record"])
            rest = answer["UnprocessedIdentifiers"]
            left = rest[0]["RecordIdentifiersValueAsString"] if rest else []
        expected = {name: self.oracle.get(name) for name in identifiers}
        assert found == {name: record for name, record in expected.items() if record is not None}

    @rule(soft_deleted=st.booleans())
    def list_records(self, soft_deleted):
        pages = self.client.get_paginator("list_records").paginate(
            FeatureGroupName=self.group, MaxResults=2, IncludeSoftDeletedRecords=soft_deleted
        )
        listed = [identifier for page in pages for identifier in page["RecordIdentifiers"]]
        assert len(listed) == len(set(listed))
        assert set(listed) == self.oracle.listed(soft_deleted=soft_deleted)


class DeployedHistories(Histories):
    """Over HTTP, where writers at once are threads of their own."""

    def at_once(self, calls):
        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(lambda call: call(), calls))


def run_on_dynamodb(machine, settings):
    """Run a machine, made of what gives its store, over one records table of moto's DynamoDB."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_records_table(client, "records")
        store = DynamoRecordStore(BotoDynamo(client), "records")
        run_state_machine_as_test(machine(lambda: store), settings=settings)
