"""Definition files: what they become, and what is said about those that are wrong."""

from pathlib import Path

import pytest

from larder.access.grants import Grants
from larder.declared.documents import to_definition
from larder.declared.files import load_definitions
from larder.errors import ConfigurationError
from larder.groups.feature_group import CollectionType, StorageType, TtlDuration
from tests.support.control import PLATFORM

GOOD = """\
name: customers
record_identifier: id
event_time: at
online: {}
features:
  - {name: id, type: String}
  - {name: at, type: String}
"""
RICH = """\
name: customers
description: people
record_identifier: id
event_time: at
online:
  storage_type: InMemory
  ttl: {unit: Days, value: 3}
offline:
  table_format: Iceberg
  s3_uri: s3://lake/mine
  table: people
features:
  - name: id
    type: String
    description: who
  - {name: at, type: String, parameters: {zone: UTC}}
  - {name: embedding, type: Fractional, collection: Vector, dimension: 8}
tags: {team: ops}
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "features"
    folder.mkdir()
    return folder


def complaints(folder, text=None):
    if text is not None:
        (folder / "it.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_definitions(folder)
    return str(caught.value).splitlines()


def definition(folder, text):
    (folder / "it.yaml").write_text(text)
    (document,) = load_definitions(folder)
    return to_definition(document, PLATFORM)


def test_the_definitions_that_ship_are_right():
    documents = load_definitions(Path(__file__).parents[3] / "features")

    names = [document["Request"]["FeatureGroupName"] for document in documents]
    pipelines = ["aircraft", "card", "carrier", "origin_weather", "route"]
    assert names == sorted([*pipelines, "customer", "shopper"])


def test_a_file_says_everything_that_a_group_can_be(folder):
    rich = definition(folder, RICH)

    assert rich.file == "features/it.yaml"
    assert rich.spec.online.storage_type is StorageType.IN_MEMORY
    assert rich.spec.online.ttl == TtlDuration("Days", 3)
    assert rich.spec.offline.s3_uri == "s3://lake/mine"
    assert rich.spec.offline.catalog.database == "larder_dev"
    assert rich.spec.offline.catalog.table == "people"
    assert rich.spec.features[2].collection is CollectionType.VECTOR
    assert rich.spec.features[2].dimension == 8
    assert rich.spec.tags == (("team", "ops"),)
    assert [(note.feature, note.description, note.parameters) for note in rich.notes] == [
        ("id", "who", ()),
        ("at", None, (("zone", "UTC"),)),
    ]


def test_what_a_file_leaves_out_is_the_platforms_choice(folder):
    spec = definition(folder, GOOD + "offline: {}\n").spec

    assert (spec.offline.s3_uri, spec.offline.catalog) == (None, None)
    placed = PLATFORM.offline_store(spec.name, spec.offline, creation_time=7_000_000)
    assert placed.location.startswith("s3://lake/offline/123456789012/")


@pytest.mark.parametrize(
    ("ttl", "removes"), [("", False), ("{ttl: {}}", True), ("{ttl: {unit: Days, value: 1}}", False)]
)
def test_an_empty_time_to_live_asks_for_none(folder, ttl, removes):
    text = GOOD.replace("online: {}", f"online: {ttl or '{}'}")

    assert definition(folder, text).removes_ttl is removes


def test_a_folder_without_files_defines_nothing(folder):
    (folder / "README.md").write_text("not a definition")

    assert load_definitions(folder) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    (text,) = complaints(tmp_path / "nothing")

    assert "nothing is not a folder" in text


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("name: customers", "nmae: customers", "1: nmae: Member must be one of [name, descr"),
        ("name: customers", "name: 2024", "1: name: Member must be a string (it is '2024')"),
        ("name: customers", "name: a b", "1: name: Member must satisfy regular expression"),
        ("type: String}\n  - {name: at", "type: Text}\n  - {name: at",
         "6: features[0].type: Member must satisfy enum value set: [Integral, Fractional, String]"),
        ("record_identifier: id", "record_identifier: who",
         "2: record_identifier: Member must name one of the FeatureDefinitions (it is 'who')"),
        ("event_time: at", "event_time: id", "3: event_time: Member must not be the record ident"),
        ("name: at, type: String", "name: at, type: Integral", "3: event_time: Member must name a"),
        ("name: at, type: String", "name: ID, type: String",
         "7: features[1].name: Member must differ from the feature 'id' by more than letter case"),
        ("online: {}", "", "1: name: a feature group needs a store: add `online: {}`"),
        ("online: {}", "online:", "1: name: a feature group needs a store"),
        ("online: {}", "online: yes", "4: online: Member must be an object (it is 'True')"),
        ("online: {}", "online: {ttl: {unit: Days}}",
         "4: online.ttl.value: Member must not be null where its sibling is given"),
        ("online: {}", "offline: {table_format: Parquet}",
         "4: offline.table_format: Member must satisfy enum value set"),
        ("online: {}", "offline: {table: Customers}", "4: offline.table: Member must satisfy"),
        ("online: {}", "online: {}\ntags: {a: 1}", "5: tags.a: Member must be a string"),
        ("online: {}", "online: {}\ntags: {'aws:x': y}", "5: tags.aws:x: Member must not begin"),
        ("  - {name: at", "  -\n  - {name: at", "7: features[1]: Member must not be null"),
        ("{name: id, type: String}", "{type: String}", "6: features[0].name: Member must not be"),
        ("{name: id, type: String}", "{name: id, type: String, collection: List}",
         "6: features[0].collection: Member must be left out, or OnlineStoreConfig.StorageType"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_line_and_member(folder, old, new, complaint):
    found = complaints(folder, GOOD.replace(old, new))

    assert any(text.startswith(f"features/it.yaml:{complaint}") for text in found), found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "1: the file is empty"),
        ("- a\n", "1: file: Member must be an object"),
        ("name: [\n", "2: this is not YAML"),
        ("a: b\n---\nc: d\n", "2: this is not YAML"),
        ("name: a\nname: b\n", "2: 'name' is given here a second time"),
        ("7: a\n", "1: the name '7' is not a string"),
        ("? [a]\n: b\n", "1: the name"),
        ("a: &x\n  b: *x\n", "aliases nest without end"),
        ("name: \x00", "1: this is not YAML"),
        ("name: !python/object:os.system x", "1: 'x' can't be read"),
    ],
)
def test_a_file_that_is_no_definition_is_named(folder, text, complaint):
    (found,) = complaints(folder, text)

    assert complaint in found
    assert found.startswith("features/it.yaml:")


def test_a_file_that_is_not_text_is_named(folder):
    (folder / "it.yaml").write_bytes(b"\xff\xfe\x00")

    assert complaints(folder)[0].startswith("features/it.yaml:1: the file is not UTF-8")


def test_all_problems_of_all_files_are_named_at_once(folder):
    (folder / "a.yaml").write_text(GOOD.replace("type: String", "type: Text"))
    (folder / "b.yml").write_text("name: [\n")

    found = complaints(folder)

    assert [text.split(":")[:2] for text in found] == [
        ["features/a.yaml", "6"],
        ["features/a.yaml", "7"],
        ["features/b.yml", "2"],
    ]


def test_a_group_is_defined_once(folder):
    (folder / "a.yaml").write_text(GOOD)
    (folder / "b.yaml").write_text("# again\n" + GOOD)

    assert complaints(folder) == [
        "features/b.yaml:2: name: customers is defined in features/a.yaml too"
    ]


def test_grants_travel_with_the_definition(folder):
    text = GOOD + 'grants: {read: ["*"], admin: ["arn:aws:iam::123456789012:role/Owner"]}\n'

    assert definition(folder, text).spec.grants == Grants(
        read=("*",), admin=("arn:aws:iam::123456789012:role/Owner",)
    )
    assert definition(folder, GOOD).spec.grants == Grants()


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("grants: {}", "it.yaml:8: grants: Member must name a principal for read, write or admin"),
        ("grants: {read: []}", "it.yaml:8: grants.read: Member must have length greater"),
        ("grants: {own: [x]}", "it.yaml:8: grants.own: Member must be one of [read, write, admin]"),
        ("grants:\n  read:\n    - '*'\n    - ann", "it.yaml:11: grants.read[1]: Member must be *"),
        ("grants: {read: [arn:aws:iam::123456789012:role/t/*]}", "without its path"),
        ("tags: {'larder:read:1': x}", "it.yaml:8: tags.larder:read:1: Member must not be a tag"),
    ],
)
def test_grants_to_nobody_known_are_refused_at_their_line(folder, lines, complaint):
    assert complaint in "\n".join(complaints(folder, f"{GOOD}{lines}\n"))
