"""Folders of groups are disjoint: from one another, and from those of the platform itself."""

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.bucket_folders import OWN
from larder.errors import ValidationError
from larder.groups.feature_group import TableFormat
from larder.groups.locations import lies_in, overlaps
from larder.groups.spec import OfflineSpec
from tests.support.control import PLATFORM, both_stores, control_plane
from tests.support.groups import OFFLINE, feature_group
from tests.support.offline import offline_group

ACCOUNT, FOREIGN = "123456789012", "999999999999"
STORE = "sagemaker/us-east-1/offline-store"


def created(groups, name, s3_uri, **changes):
    return groups.create(both_stores(name, offline=OfflineSpec(s3_uri, **changes)))


def victim(groups, **changes):
    return created(groups, "victim", "s3://lake/offline", **changes).offline.location


HOUR = "/data/year=2024/month=01/day=31/hour=12"
BELOW = ["", "/", HOUR, "/data", "/data/event_time_trunc=2024-01-31", "/metadata", "/commits/x"]


@pytest.mark.parametrize("table_format", TableFormat)
@pytest.mark.parametrize("below", BELOW)
def test_s1_a_group_in_the_folder_of_another_is_refused(table_format, below):
    groups = control_plane().groups
    location = victim(groups, table_format=table_format)

    with pytest.raises(ValidationError) as refusal:
        created(groups, "stranger", f"{location}{below}")

    assert "1 validation error detected" in str(refusal.value)
    assert "must not lie in the folder of a feature group" in str(refusal.value)
    assert groups.registry.get("stranger") is None


@pytest.mark.parametrize(
    "prefix",
    [
        f"offline/{ACCOUNT}/{STORE}/victim-1800000000",  # a group that is yet to be created
        f"{ACCOUNT}/{STORE}/gone-1600000000/data",  # one that was deleted: its data stay
        f"offline/{FOREIGN}/sagemaker/eu-west-1/offline-store/theirs-1600000000",
        f"offline/{ACCOUNT}/{STORE}/a-1/{ACCOUNT}/{STORE}",
    ],
)
@pytest.mark.parametrize("bucket", ["lake", "other-lake"])
def test_the_folder_of_a_group_that_is_not_registered_is_refused_as_well(bucket, prefix):
    with pytest.raises(ValidationError, match="must not lie in the folder of a feature group"):
        created(control_plane().groups, "stranger", f"s3://{bucket}/{prefix}")


@pytest.mark.parametrize("folder", OWN)
def test_a_folder_of_the_platform_itself_is_refused(folder):
    for uri in (f"s3://lake/{folder}", f"s3://lake/{folder}/", f"s3://lake/{folder}/x/y"):
        with pytest.raises(ValidationError, match="which the platform uses itself"):
            created(control_plane().groups, "stranger", uri)
    created(control_plane().groups, "beside", f"s3://lake/{folder}s")
    created(control_plane().groups, "below", f"s3://lake/mine/{folder}")


@pytest.mark.parametrize(
    "uri",
    [
        "s3://lake",
        "s3://lake/offline/",
        "s3://lake/offlines",
        f"s3://lake/offline/{ACCOUNT}",
        f"s3://lake/offline/{ACCOUNT}/sagemaker/us-east-1",
        f"s3://lake/offline/{ACCOUNT}/{STORE}",  # beside the groups' folders, not in one
        f"s3://lake/x{ACCOUNT}/{STORE}/victim-1",
        f"s3://lake/{ACCOUNT}0/{STORE}/victim-1",
    ],
)
def test_a_folder_beside_or_around_others_is_taken(uri):
    groups = control_plane().groups
    location = victim(groups)

    other = created(groups, "other", uri).offline.location

    assert not lies_in(other, location)
    assert not lies_in(location, other)


SEGMENTS = st.sampled_from(
    [ACCOUNT, "sagemaker", "us-east-1", "offline-store", "a-1700000000", "b-1", "data", "offline"]
)
URIS = st.lists(SEGMENTS, max_size=9).map(lambda parts: "/".join(["s3://lake", *parts]))


@given(st.lists(st.tuples(URIS, st.sampled_from(["a", "b", "a-1"])), max_size=8, unique=True))
def test_s1_whatever_is_accepted_is_disjoint(asked):
    locations = set()
    for uri, name in asked:
        spec = both_stores(name, offline=OfflineSpec(uri))
        if not list(PLATFORM.problems(spec)):
            epoch = 1_700_000_000_000_000
            offline = PLATFORM.offline_store(name, spec.offline, creation_time=epoch)
            locations.add(offline.location)
    for one, other in combinations(sorted(locations), 2):
        assert not lies_in(one, other)
        assert not lies_in(other, one)


def at(name, location):
    return offline_group(f"s3://lake/{location}", name=name)


def test_s1_groups_that_overlap_already_are_named_with_both_folders():
    groups = [
        at("outer", "x/a"),
        at("inner", "x/a/data/b"),
        at("innermost", "x/a/data/b/c"),
        at("beside", "x/a-b"),
        at("alike", "x/ab"),
        at("other", "x/b"),
        feature_group("online", offline=None),
    ]
    found = list(overlaps(groups, "lake"))
    pairs = [re.findall(r"group (\S+) at (\S+)", text) for text in found]
    assert [[name for name, _ in pair] for pair in pairs] == [
        ["inner", "outer"],
        ["innermost", "inner"],
    ]
    assert "Create inner again with another S3Uri" in found[0]


def test_a_group_in_a_folder_of_the_platform_is_named():
    (text,) = overlaps([at("old", "models/x"), at("fine", "model/x")], "lake")
    assert text.startswith("The files of feature group old at s3://lake/models/x lie under models/")
    assert list(overlaps([at("old", "models/x")], "another")) == []
    assert OFFLINE.location.startswith("s3://lake/")
