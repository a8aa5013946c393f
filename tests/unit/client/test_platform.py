"""One platform: its parts are opened once, each by its own settings, and for whom they may act."""

import asyncio

import pytest

import larder
from larder.client.async_records import AsyncRecordsClient
from larder.client.platform import Platform
from larder.errors import ConfigurationError
from larder.settings.published import PublishedSettings
from larder.wiring.location import Location
from tests.support.direct import PUBLISHED, SETTINGS, memory_plane, platform_at

PARTS = (
    *("records", "groups", "training_sets", "ingestion", "materialization", "offline"),
    "erasure",
)
AS_A_CALLER = ("records", "ingestion", "materialization")
CALLER = "arn:aws:iam::123456789012:role/Reader"
RECORD = {"customer_id": "ada", "event_time": "2024-01-01T00:00:00Z", "clicks": 3}


def opened(settings=PUBLISHED, **more):
    plane = memory_plane()
    return platform_at(settings, open_plane=lambda _: plane, **more)


@pytest.mark.parametrize("part", PARTS)
def test_what_a_stage_publishes_opens_every_part_once(part):
    platform = opened()
    assert getattr(platform, part) is getattr(platform, part)


@pytest.mark.parametrize("part", PARTS)
def test_settings_that_a_part_lacks_are_named_with_where_they_were_looked_for(part):
    empty = Platform(Location({}, "the test", "Try again."))
    with pytest.raises(ConfigurationError, match="LARDER_") as refusal:
        getattr(empty, part)
    if part != "groups":  # whose endpoint the AWS SDK's own configuration may name
        assert str(refusal.value).startswith("the test: ")
        assert str(refusal.value).endswith("Try again.")


@pytest.mark.parametrize("part", PARTS)
def test_for_a_caller_there_are_only_the_parts_that_ask_for_the_callers_grants(part):
    platform = opened(caller=CALLER)
    if part in AS_A_CALLER:
        getattr(platform, part)
        return
    with pytest.raises(ConfigurationError, match=f"{part}: .*{CALLER}.*without caller"):
        getattr(platform, part)


def test_a_platform_is_closed_with_its_block_and_only_what_it_opened():
    closed = []

    def plane(_):
        found = memory_plane()
        object.__setattr__(found, "close", lambda: closed.append(True))
        return found

    with platform_at(open_plane=plane):
        pass
    assert closed == []
    with platform_at(open_plane=plane) as platform:
        platform.records.put("customers", RECORD)
    assert closed == [True]


def test_a_platform_is_shown_without_asking_anybody():
    shown = opened()._repr_html_()
    for value in ("us-east-1", "123456789012", PUBLISHED.api_endpoint, "lake", "larder_qa"):
        assert value in shown


def test_for_asyncio_a_platform_is_entered_or_awaited(monkeypatch):
    asked = []

    def connect(stage=None, *, caller=None):
        asked.append((stage, caller))
        return opened(SETTINGS)

    monkeypatch.setattr(larder, "connect", connect)

    async def use():
        async with larder.aio.connect("qa", workers=2) as platform:
            assert isinstance(platform.records, AsyncRecordsClient)
            await platform.records.put("customers", RECORD)
            assert await platform.records.get("customers", "ada", ["clicks"]) == {"clicks": 3}
            assert platform.sync.records.get("customers", "ada", ["clicks"]) == {"clicks": 3}
        awaited = await larder.aio.connect(caller=CALLER)
        await awaited.close()

    asyncio.run(use())
    assert asked == [("qa", None), (None, CALLER)]


def test_every_public_name_is_there():
    assert {name for name in larder.__all__ if not hasattr(larder, name)} == set()
    assert set(larder.__all__) <= set(dir(larder))
    with pytest.raises(AttributeError, match="no attribute 'FeatureStore'"):
        larder.FeatureStore  # noqa: B018


def test_the_parameter_holds_what_any_part_needs():
    names = set(PUBLISHED.to_env())
    assert PublishedSettings.from_env(PUBLISHED.to_env()) == PUBLISHED
    assert names >= {f"LARDER_{word}" for word in ("API_ENDPOINT", "OFFLINE_BUCKET", "WORKGROUP")}
