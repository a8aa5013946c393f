"""An item of a newer release among others: it alone is not served, and nothing of it is lost."""

from dataclasses import replace

import boto3
import orjson
import pytest
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_objects import Objects
from larder.errors import NewerFormat
from larder.groups.adapters import dynamodb_item as group_item
from larder.groups.adapters.dynamodb_metadata import DynamoFeatureMetadata
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.listing import EVERY_PLACE, GroupOrder
from larder.groups.metadata import FeatureMetadata
from larder.memory.entry import entry_parts
from larder.memory.tier import MemoryTier
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.offline.adapters.dynamodb_stream import parse_change
from larder.offline.adapters.staged_rows import S3StagedRows
from larder.offline.maintain import Maintenance
from larder.offline.others import OthersRows
from larder.offline.ports import TableRows
from larder.offline.redrive import Redrive
from larder.offline.upkeep import UpkeepRules, Upkept
from larder.offline.write import OfflineWriter
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.adapters.dynamodb_item import record_key
from larder.records.read import GetRecords, RecordReader
from larder.records.record import Slot
from larder.telemetry.newer import readable
from larder.training_sets.adapters.pinned_snapshots import S3PinnedSnapshots
from tests.support.formats import BUCKET, FORMS, MICROS, RICH, UNKNOWN, fixtures, in_json, item_of
from tests.support.groups import feature_group, group_settings
from tests.support.model_registry import model_catalog
from tests.support.offline import OneByOne, row, seconds, stream_record, version
from tests.support.packages import model_package, package_group
from tests.support.tables import create_records_table, create_registry_table

BY_NAME = {form.name: form for form in FORMS}
NOW = MICROS * 1000
GROUP = feature_group()


@pytest.fixture(autouse=True)
def cloud():
    with mock_aws():
        yield


def newer(name, fixture="v1"):
    form = BY_NAME[name]
    return form.newer(fixtures(form)[fixture])


# --- records ---------------------------------------------------------------------------------------


class Records:
    def __init__(self):
        self.client = boto3.client("dynamodb", region_name="us-east-1")
        create_records_table(self.client, "records")
        self.store = DynamoRecordStore(BotoDynamo(self.client), "records")

    def put(self, identifier, **changes):
        slot, made = slot_of(identifier), of(identifier, **changes)
        assert self.store.put(slot, made, now_nanos=NOW) is None
        return slot, made

    def change(self, identifier, **attributes):
        """What a newer release would have written over a stored item."""
        key = record_key(slot_of(identifier))
        item = self.client.get_item(TableName="records", Key=key)["Item"]
        self.client.put_item(TableName="records", Item=item | attributes)

    def item(self, identifier):
        return self.client.get_item(TableName="records", Key=record_key(slot_of(identifier)))[
            "Item"
        ]


def slot_of(identifier):
    return Slot(GROUP.uid, GROUP.shards, identifier)


def of(identifier, **changes):
    event_time = changes.pop("at", "2024-01-31T12:00:00Z")
    return version(GROUP, {"customer_id": identifier, "event_time": event_time}, **changes)


@pytest.fixture
def records():
    return Records()


NEWER = {"f": {"N": "2"}}
UNKNOWN_STATE = {"d": {"N": "7"}}


@pytest.mark.parametrize("attributes", [NEWER, UNKNOWN_STATE], ids=["number", "state"])
def test_a_batch_of_reads_gives_all_records_but_the_newer_one_which_has_its_error(
    records, attributes
):
    for identifier in ("a", "b", "c"):
        records.put(identifier)
    records.change("b", **attributes)
    reader = RecordReader(records.store, group_settings(GROUP), lambda: NOW)
    outcome = reader.batch_get([GetRecords("customers", ["a", "b", "c"])])
    assert sorted(name for _, name, _ in outcome.found) == ["a", "c"]
    assert [(name, type(error)) for _, name, error in outcome.errors] == [("b", NewerFormat)]
    assert outcome.unprocessed == []
    with pytest.raises(NewerFormat, match="upgrade this function"):
        reader.get("customers", "b", None)


def test_a_batch_of_writes_takes_all_but_the_one_that_a_newer_record_is_in_the_way_of(records):
    late = {"at": "2024-01-30T12:00:00Z"}
    for identifier in ("a", "b", "c"):
        records.put(identifier)
    records.change("b", **NEWER)
    before = records.item("b")
    writes = [(slot_of(each), of(each, write_time=MICROS + 1)) for each in ("a", "c")]
    writes.insert(1, (slot_of("b"), of("b", **late)))
    answers = records.store.put_all(writes, now_nanos=NOW)
    assert [answers[0], answers[2]] == [None, None]
    assert isinstance(answers[1], NewerFormat)
    assert records.item("b") == before


def test_writing_over_a_newer_record_takes_its_number_away_and_keeps_what_is_unknown(records):
    records.put("a")
    records.change("a", **NEWER, **{UNKNOWN: {"S": "kept"}})
    slot, made = records.put("a", at="2024-02-01T12:00:00Z")
    assert records.store.get([slot]).found == {slot: made}
    assert records.item("a")[UNKNOWN] == {"S": "kept"} and "f" not in records.item("a")


def test_a_page_of_a_shard_leaves_the_newer_record_out_with_a_warning(records, capsys):
    shard = slot_of("a").shard
    names = [each for each in map(str, range(1000)) if slot_of(each).shard == shard][:3]
    for name in names:
        records.put(name)
    records.change(names[1], **NEWER)
    page = records.store.shard(GROUP.uid, shard, after=None, limit=10)
    assert "upgrade this function" in capsys.readouterr().err
    assert [place for place, _ in page.entries] == sorted(f"r{each}" for each in names[::2])


class Valkey:
    disruptions = 0

    def __init__(self, *replies):
        self.replies = replies

    def get(self, keys, *, seconds):
        return list(self.replies)


def test_an_entry_of_a_newer_form_is_a_miss_and_the_others_are_served():
    order, rest = entry_parts(of("a"))
    stored = (0x40C3_8800_0000_0000).to_bytes(8, "big")
    newer_entry = bytearray(order + stored + rest)
    newer_entry[48] |= 1 << 4
    tier = MemoryTier(Valkey(bytes(newer_entry), order + stored + rest), clock=lambda: NOW)
    found = tier.get([slot_of("b"), slot_of("a")])
    assert found == {slot_of("a"): of("a")}


# --- the offline writer ----------------------------------------------------------------------------


class Tables:
    def __init__(self):
        self.rows = []

    def append(self, group, rows, *, remaining):
        from larder.offline.ports import Appended  # noqa: PLC0415

        self.rows += [each.identifier for each in rows]
        return Appended(len(rows), 0, 1)


class ByUid:
    def __init__(self, *groups, refused=()):
        self.groups, self.refused = {each.uid: each for each in groups}, refused

    def get_by_uid(self, uid):
        if uid in self.refused:
            group_item.from_item(item_of(newer("group")))
        return self.groups.get(uid)


class Quarantine:
    def __init__(self):
        self.parked, self.kept = [], []

    def put(self, uid, change, reason):
        self.kept.append(change)
        return "kept"

    def park(self, uid, changes, reason):
        self.parked.append((uid, [each.raw for each in changes], reason))
        return "parked"


def changes(*identifiers, is_newer=()):
    for number, identifier in enumerate(identifiers):
        record = stream_record(GROUP, of(identifier), sequence=number)
        if identifier in is_newer:
            record["dynamodb"]["NewImage"] |= NEWER
        yield record


def test_a_change_of_a_newer_record_waits_parked_and_the_others_are_written():
    tables, quarantine = Tables(), Quarantine()
    raw = list(changes("a", "b", "c", is_newer="b"))
    writer = OfflineWriter(ByUid(GROUP), OneByOne(tables), quarantine)
    batch = [parse_change(each) for each in raw]
    report = writer.write(batch, remaining=seconds(5))
    assert tables.rows == ["a", "c"] and report.failed is None
    ((uid, parked, reason),) = quarantine.parked
    assert (uid, parked, quarantine.kept) == (GROUP.uid, [raw[1]], [])
    assert "of format 2 " in reason
    again = writer.write(batch[1:], remaining=seconds(5), redriven=True)
    assert (again.failed, type(again.error)) == (0, NewerFormat)  # it is not parked twice
    assert len(quarantine.parked) == 1


def test_a_newer_groups_changes_are_parked_once_patience_is_over_and_the_others_go_on():
    other, tables, quarantine = feature_group("other"), Tables(), Quarantine()
    record = stream_record(other, replace(of("x")), sequence=9)
    writer = OfflineWriter(ByUid(GROUP, refused=[other.uid]), OneByOne(tables), quarantine)
    batch = [parse_change(each) for each in (*changes("a"), record)]
    report = writer.write(batch, remaining=seconds(5))
    assert tables.rows == ["a"] and report.failed is None
    assert [(uid, "feature group rich" in reason) for uid, _, reason in quarantine.parked] == [
        (other.uid, True)
    ]


class FailureObjects:
    def __init__(self, **bodies):
        self.bodies = bodies

    def list(self, prefix):
        return iter(sorted(self.bodies))

    def read(self, key):
        return self.bodies[key]

    def delete(self, key):
        del self.bodies[key]


class Function:
    def invoke(self, payload):
        return {"rows": len(orjson.loads(payload)["Records"]), "duplicates": 0}


def test_a_newer_failed_batch_stays_with_its_reason_and_the_others_are_redriven():
    good = fixtures(BY_NAME["failed-batch"])["v1-parked"]
    objects = FailureObjects(a=good, b=newer("failed-batch", "v1-parked"), c=good)
    done = Redrive(objects, Function()).run([""])
    assert [each.rows for each in done] == [1, 0, 1]
    assert list(objects.bodies) == ["b"] and "upgrade this function" in done[1].problem


def test_newer_staged_rows_are_passed_over_and_the_others_are_committed(capsys):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    staged = S3StagedRows(s3, BUCKET, "records", clock=iter((1.0, 2.0, 3.0)).__next__)
    first = staged.put([TableRows(GROUP, [row()])])
    staged.put([TableRows(GROUP, [row("c2")])])
    s3.put_object(Bucket=BUCKET, Key=first.key, Body=newer("staged-rows"))
    others = OthersRows(staged)
    (found,) = others.of(GROUP, others.waiting(), 10, ())
    assert found.staged.rows == [row("c2")]
    assert "upgrade this function" in capsys.readouterr().err


# --- the registry ----------------------------------------------------------------------------------


class Groups:
    def __init__(self):
        self.client = boto3.client("dynamodb", region_name="us-east-1")
        create_registry_table(self.client, "registry")
        self.registry = DynamoRegistry(BotoDynamo(self.client), "registry")
        for group in (GROUP, RICH, feature_group("zebra")):
            self.registry.create(group)

    def change(self, change):
        """What a newer release would have written of the group ``rich``."""
        key = group_item.name_key("rich")
        item = self.client.get_item(TableName="registry", Key=key)["Item"]
        document = orjson.loads(item["doc"]["S"])
        change(document)
        item["doc"] = {"S": orjson.dumps(document).decode()}
        self.client.put_item(TableName="registry", Item=item)

    def entries(self):
        items = self.client.scan(TableName="registry")["Items"]
        return {
            (each["pk"]["S"], each["sk"]["S"]) for each in items if each["pk"]["S"].startswith("I#")
        }


CHANGES = {
    "number": lambda doc: doc.update(format=2),
    "status": lambda doc: doc.update(status="Archived"),
    "update": lambda doc: doc.update(last_update="Paused"),
    "storage": lambda doc: doc["online"].update(storage="Cold"),
    "unit": lambda doc: doc["online"].update(ttl=["Years", 1]),
    "table": lambda doc: doc["offline"].update(format="Delta"),
    "right": lambda doc: doc["grants"].update(share=["*"]),
    "type": lambda doc: doc["features"][0].__setitem__(1, "B"),
    "collection": lambda doc: doc["features"][2].__setitem__(2, "M"),
}


@pytest.fixture
def groups():
    return Groups()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_r6_a_newer_group_costs_its_own_reads_and_no_other_groups(groups, change):
    registry = groups.registry
    registry.repair(remaining=seconds(60))
    entries = groups.entries()
    groups.change(change)
    with pytest.raises(NewerFormat, match=r"feature group rich.*upgrade this function"):
        registry.get("rich")
    with pytest.raises(NewerFormat):
        registry.get_by_uid(RICH.uid)
    others = {"customers", "zebra"}
    unread = []
    assert {each.name for each in registry.list(unread.append)} == others
    assert len(unread) == 1 and "feature group rich" in str(unread[0])
    assert set(registry.by_names([*others, "rich"])) == others
    assert set(registry.by_uids(["ucustomers", "uzebra", RICH.uid])) == {"ucustomers", "uzebra"}
    assert {group.name for _, group in registry.walk(GroupOrder.NAME)} == others
    assert registry.count() == 3
    registry.repair(remaining=seconds(60))
    assert groups.entries() == entries  # those of the newer group are still there


def test_a_listing_says_which_group_it_passed_over(groups, capsys):
    groups.change(CHANGES["status"])
    assert len(list(groups.registry.list())) == 2
    (line,) = map(orjson.loads, capsys.readouterr().err.splitlines())
    assert line["message"] == "passed over"
    assert "feature group rich" in line["error"] and "'Archived'" in line["error"]


def test_newer_metadata_cost_their_own_feature_alone(groups, capsys):
    store = DynamoFeatureMetadata(BotoDynamo(groups.client), "registry")
    for feature in ("words", "vector"):
        store.replace(FeatureMetadata(uid=RICH.uid, feature=feature, modified=1, revision=1))
    groups.client.put_item(TableName="registry", Item=item_of(newer("feature-metadata")))
    with pytest.raises(NewerFormat):
        store.get(RICH.uid, "words")
    assert set(store.of_groups([RICH.uid])[RICH.uid]) == {"vector"}
    assert [each.feature for each in store.list()] == ["vector"]
    walked = store.walk(EVERY_PLACE, descending=False)
    assert [each.feature for _, each in walked] == ["vector"]
    assert capsys.readouterr().err.count("feature words of group urich") == 3


class Listed:
    def list(self, unread):
        items = [group_item.to_item(GROUP), item_of(newer("group"))]
        return readable(items, group_item.from_item, unread)


class Upkeep:
    def keep(self, group, rules, pinned, remaining):
        return Upkept(merged=1)


class Pins:
    def by_table(self, not_before_micros):
        return {}


def test_maintenance_keeps_the_other_tables_and_counts_the_newer_group_as_failed():
    maintenance = Maintenance(
        registry=Listed(),
        tables=Upkeep(),
        pinned=Pins(),
        rules=UpkeepRules(),
        clock=lambda: MICROS,
        bucket=BUCKET,
    )
    done = maintenance.run(remaining=seconds(60))
    assert list(done.done) == ["customers"]
    assert [type(each) for each in done.failed.values()] == [NewerFormat]


def test_a_newer_manifest_still_pins_its_snapshots_beside_those_of_the_others():
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    form = BY_NAME["training-set-manifest"]
    good = fixtures(form)["v1"]
    for name, body in (
        ("churn", newer("training-set-manifest")),
        ("other", in_json("tables", snapshot_id=43)(good)),
    ):
        s3.put_object(Bucket=BUCKET, Key=f"training-sets/{name}/manifest.json", Body=body)
    pinned = S3PinnedSnapshots(Objects(s3), BUCKET).by_table(0)
    assert pinned == {("larder_dev", "customers_1"): {42, 43}}


# --- models ----------------------------------------------------------------------------------------


class Models:
    """A registry of models with an item of a newer release in it."""

    def __init__(self, form, fixture):
        self.client = boto3.client("dynamodb", region_name="us-east-1")
        create_registry_table(self.client, "registry")
        self.registry = dynamo_model_registry(BotoDynamo(self.client), "registry")
        self.catalog = model_catalog(self.registry)
        self.newer = item_of(newer(form, fixture))
        self.client.put_item(TableName="registry", Item=self.newer)

    def stored(self):
        key = {name: self.newer[name] for name in ("pk", "sk")}
        return self.client.get_item(TableName="registry", Key=key).get("Item")


@pytest.mark.parametrize(
    ("form", "fixture", "kind", "name"),
    [
        ("model-item", "v1", "models", "Churn"),
        ("model-item", "v1-config", "configs", "Config"),
        ("model-item", "v1-endpoint", "endpoints", "scoring"),
        ("model-package", "v1", "packages", "Churn/7"),
        ("model-package", "v1-group", "groups", "Churn"),
    ],
)
def test_a_listing_of_models_passes_over_it_and_it_alone_is_refused(
    capsys, form, fixture, kind, name
):
    made = Models(form, fixture)
    items = getattr(made.registry, kind)
    other = replace(BY_NAME[form].value(fixture), name="other", uid="u-other", revision=1)
    if kind == "packages":
        other = replace(other, group="", version=0, token="another")
    if kind == "endpoints":
        other = replace(other, served=replace(other.served, name="other"))
    items.create(other)
    assert [each.name for each in items.list()] == ["other"]
    assert "of format 2 " in capsys.readouterr().err
    with pytest.raises(NewerFormat):
        items.get(name)
    assert items.get("other") == other


def test_a_package_stays_while_it_is_not_known_what_an_endpoint_serves():
    made = Models("model-item", "v1-endpoint")
    made.registry.packages.create(model_package("plain", token=""))
    with pytest.raises(NewerFormat):
        made.catalog.packages.delete("plain")
    assert made.registry.packages.get("plain") is not None


def test_a_package_group_stays_with_a_version_of_a_newer_release():
    made = Models("model-package", "v1")
    made.registry.groups.create(package_group("Churn", deleting=False))
    with pytest.raises(NewerFormat):
        made.catalog.groups.delete("Churn")
    assert made.stored() == made.newer
    assert made.registry.groups.get("Churn").deleting is False


def test_an_endpoint_with_members_that_would_be_lost_is_not_written_again():
    made = Models("model-item", "v1-endpoint")
    document = orjson.loads(made.newer["served"]["S"]) | {"version": "1.1"}
    item = item_of(fixtures(BY_NAME["model-item"])["v1-endpoint"])
    item["served"] = {"S": orjson.dumps(document).decode()}
    made.client.put_item(TableName="registry", Item=item)
    found = made.registry.endpoints.get("scoring")
    with pytest.raises(NewerFormat, match="would lose"):
        made.registry.endpoints.replace(found.with_tags(()))
    assert made.stored() == item
