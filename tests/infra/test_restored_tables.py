"""A stage that uses tables which were restored beside its own."""

import pytest

from larder.errors import ConfigurationError
from stacks.choices import RestoredTables
from tests.infra.templates import actions_of, text_of

WHERE = "arn:aws:dynamodb:eu-central-1:123456789012:table"
RECORDS = f"{WHERE}/larder-records-at-20261127T100000/stream/2026-11-27T10:20:30.456"
REGISTRY = f"{WHERE}/larder-registry-at-20261127T100000/stream/2026-11-27T10:20:31.456"


@pytest.fixture(scope="module")
def restored(synthesize):
    return synthesize(
        restored_records=RECORDS, restored_registry=REGISTRY, administrators="role/Admin"
    )


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_function_uses_the_restored_tables_and_no_other(restored, stage):
    for _, logical_id, properties in restored.functions(stage):
        variables = properties["Environment"]["Variables"]
        for name in ("records", "registry"):
            used = variables.get(f"LARDER_{name.upper()}_TABLE")
            assert used in (None, f"larder-{name}-at-20261127T100000"), logical_id


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_rights_on_items_name_the_restored_tables_alone(restored, stage):
    for stack, role, statements in restored.roles():
        if not stack.startswith(f"{stage}/"):
            continue
        for statement in statements:
            on_items = {each for each in actions_of(statement) if each.startswith("dynamodb:")}
            if on_items - {"dynamodb:ListStreams"}:
                resources = statement["Resource"]
                named = resources if isinstance(resources, list) else [resources]
                assert all(text_of(each).startswith(WHERE) for each in named), role


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_streams_are_followed_from_the_restored_tables(restored, stage):
    followed = {
        resource["Properties"]["EventSourceArn"]
        for _, _, resource in restored.of_type("AWS::Lambda::EventSourceMapping", stage)
    }
    assert followed == {RECORDS, REGISTRY}
    heartbeat = restored.function(stage, "heartbeat")["Environment"]["Variables"]
    assert heartbeat["LARDER_RECORDS_STREAM"] == RECORDS


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_stages_own_tables_stay_as_they_are(restored, templates, stage):
    for name in ("dev/OnlineStore", "prod/OnlineStore"):
        assert restored[name]["Resources"] == templates[name]["Resources"]


def test_the_cache_holds_no_entry_of_another_restore(restored, templates, synthesize):
    def epochs(found):
        names = ("runtime", "memory_projector")
        return {
            found.function("prod", name)["Environment"]["Variables"]["LARDER_VALKEY_EPOCH"]
            for name in names
        }

    other = RECORDS.replace("10:20:30", "11:20:30")
    again = synthesize(restored_records=other)
    (first,), (second,) = epochs(restored), epochs(again)
    assert first.endswith(".")
    assert second.endswith(".")
    assert first != second
    assert epochs(templates) == {""}


def test_one_table_may_be_restored_without_the_other(synthesize):
    found = synthesize(stage="dev", restored_records=RECORDS)
    variables = found.function("dev", "runtime")["Environment"]["Variables"]
    assert variables["LARDER_RECORDS_TABLE"] == "larder-records-at-20261127T100000"
    assert "Fn::GetStackOutput" in str(variables["LARDER_REGISTRY_TABLE"])


@pytest.mark.parametrize("text", ["records", WHERE, f"{WHERE}/name", "arn:aws:s3:::bucket"])
def test_what_is_no_stream_is_refused_at_synth(text):
    with pytest.raises(ConfigurationError, match=r"data\.restored\.records: .*larder restore"):
        RestoredTables(records=text)
