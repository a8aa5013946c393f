"""What features are computed of, and the events of runs in OpenLineage's form (S2)."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.declared.files import load_pipeline
from larder.pipelines.adapters.documents import from_json, to_json
from larder.pipelines.definition import Source
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.group_history import over_history
from larder.pipelines.lineage.columns import column_lineage, with_instants
from larder.pipelines.lineage.events import Place, RunEvents, dataset, event_key, tables_of
from larder.pipelines.lineage.graph import Consumer, Edge, Node, NodeKind, graph_of
from larder.pipelines.lineage.uses import How
from larder.pipelines.runs.items import IntervalItem
from larder.pipelines.sql.statement import Interval
from tests.support.groups import OFFLINE, feature_group
from tests.support.pipelines import all_functions, pipeline

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "pipelines").glob("*.yaml"))
SCHEMA = json.loads((Path(__file__).parents[2] / "fixtures/openlineage/run_event.json").read_text())
PLACE = Place("123456789012", "us-east-1", "dev")
CARD, FLIGHTS, AIRLINES = "payments.transactions", "raw.flights", "raw.airlines"
WHEN = {"card": (CARD, "authorized_at"), "carrier_hourly": (FLIGHTS, "known_at")}
DIRECT = {
    "transactions_1h": set(),
    "transactions_24h": set(),
    "transactions_7d": set(),
    "spend_1h": {(CARD, "amount")},
    "spend_24h": {(CARD, "amount")},
    "spend_7d": {(CARD, "amount")},
    "spend_deviation_30d": {(CARD, "amount")},
    "largest_24h": {(CARD, "amount")},
    "declined_24h": set(),
    "decline_rate_7d": {(CARD, "status")},
    "countries_24h": {(CARD, "country")},
    "last_country": {(CARD, "country")},
    "last_merchants": {(CARD, "merchant_id")},
    "airline": {(AIRLINES, "name")},
    "flights_24h": set(),
    "mean_arrival_delay_24h": {(FLIGHTS, "arr_delay")},
    "late_rate_24h": {(FLIGHTS, "arr_delay")},
    "cancellation_rate_24h": {(FLIGHTS, "dep_time")},
}


def found(uses, *ways):
    return {(each.source.table, each.source.column) for each in uses if each.how in ways}


OF_SQL = pipeline(all_functions([DAY]), HOUR)


def test_every_feature_of_the_examples_has_its_source_columns():
    seen = {}
    for path in EXAMPLES:
        definition = load_pipeline(path)
        for name, uses in column_lineage(definition).items():
            direct = (How.IDENTITY, How.TRANSFORMATION, How.AGGREGATION)
            seen[definition.group, name] = found(uses, *direct)
            if name in (definition.identifier, definition.event_time):
                continue
            assert found(uses, How.WINDOW) == {WHEN[definition.group]}
            filters = {(CARD, "status")} if definition.group == "card" else set()
            assert found(uses, How.FILTER) == filters
    assert {name: columns for (_, name), columns in seen.items()} == DIRECT | {
        "card_id": {(CARD, "card_id")},
        "carrier": {(FLIGHTS, "carrier")},
        "event_time": {(FLIGHTS, "known_at")},
    }
    assert seen["card", "event_time"] == {(CARD, "authorized_at")}


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT * FROM a.t", {"a.t.x"}),
        ("SELECT t.* FROM a.t AS t JOIN a.u AS u ON t.k = u.k", {"a.t.x"}),
        ("WITH c AS (SELECT p + q AS x FROM a.t) SELECT x FROM c", {"a.t.p", "a.t.q"}),
        ("WITH c AS (SELECT p AS x FROM a.t), d AS (SELECT * FROM c) SELECT * FROM d", {"a.t.p"}),
        ("SELECT x FROM a.t UNION ALL SELECT y FROM a.u", {"a.t.x", "a.u.y"}),
        ("SELECT (SELECT v.b FROM a.v AS v) AS x FROM a.t", {"a.v.b"}),
        ("SELECT x FROM a.t JOIN a.u ON t.k = u.k", {"a.t.x", "a.u.x"}),
        ("SELECT d.q AS x FROM (SELECT LOWER(n) AS q FROM a.T) AS d", {"a.t.n"}),
        ('SELECT "D".X FROM (SELECT N AS X FROM a.t) AS "D"', {"a.t.n"}),
        ("SELECT COALESCE(t.x, u.y) AS x FROM a.t LEFT JOIN a.u ON t.k = u.k", {"a.t.x", "a.u.y"}),
        ("SELECT 1 AS x FROM a.t", set()),
        ("SELECT x FROM (SELECT x, k FROM a.t) AS s JOIN a.u ON s.k = u.k", {"a.t.x"}),
    ],
    ids=[
        *("star", "star-of-one", "with", "star-of-with", "union", "subquery", "unclear"),
        *("derived", "case", "both", "constant", "known-by-subquery"),
    ],
)
def test_a_column_of_sql_is_followed_to_the_tables(sql, columns):
    source = Source(sql=sql, tables=("a.t",), time="x", order=("number",))
    uses = column_lineage(replace(pipeline(all_functions([DAY])), source=source))["newest_n"]
    assert {f"{each.source.table}.{each.source.column}" for each in uses} >= columns
    times = {each for each in uses if each.how is How.WINDOW}
    assert {f"{each.source.table}.{each.source.column}" for each in times} == columns


@pytest.mark.parametrize(
    ("source", "table"),
    [({"group": "clicks"}, "feature-group/clicks"), ({"files": "s3://b/e/"}, "s3://b/e/")],
    ids=["group", "files"],
)
def test_groups_and_files_are_sources_with_names_of_their_own(source, table):
    made = replace(pipeline(all_functions([DAY])), source=Source(time="t", **source))
    uses = column_lineage(made)["newest"]
    assert {each.source.table for each in uses} == {table}
    assert tables_of(made.source) == (table,)
    named = {
        "feature-group/clicks": ("arn:aws:sagemaker:us-east-1:123456789012", table),
        "s3://b/e/": ("s3://b", "e/"),
    }
    assert tuple(dataset(PLACE, table).values()) == named[table]


def events():
    """The three events of one run, each of a pipeline."""
    made = RunEvents(PLACE, lambda: 1_764_000_000_123_456)
    item = IntervalItem("g", 1, Interval(0, 6 * HOUR), attempts=2)
    return (
        lambda of: made.started(of, column_lineage(of), item),
        lambda of: made.completed(of, column_lineage(of), item, 7),
        lambda of: made.failed(of, column_lineage(of), item, "no such table"),
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda each: each.stem)
@pytest.mark.parametrize("place", [0, 1, 2], ids=["start", "complete", "fail"])
def test_events_are_what_openlineage_asks_for(path, place):
    event = json.loads(json.dumps(events()[place](load_pipeline(path))))
    jsonschema.Draft202012Validator(SCHEMA).validate(event)
    assert event["eventType"] == ["START", "COMPLETE", "FAIL"][place]
    assert event["eventTime"] == "2025-11-24T16:00:00.123456Z"
    assert event["run"]["facets"]["nominalTime"]["nominalEndTime"] == "1970-01-01T06:00:00Z"
    assert event["job"]["facets"]["sql"]["query"].startswith("WITH")


@pytest.mark.parametrize(
    "path",
    [("run", "runId"), ("schemaURL",), ("outputs", 0, "facets", "columnLineage", "_schemaURL")],
    ids=["run", "schema", "facet"],
)
def test_the_form_can_be_broken(path):
    event = events()[0](load_pipeline(EXAMPLES[0]))
    *way, last = path
    inner = event
    for each in way:
        inner = inner[each]
    del inner[last]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(event)


def test_names_are_those_of_glue_and_of_the_feature_group():
    event = events()[1](load_pipeline(EXAMPLES[1]))
    glue = "arn:aws:glue:us-east-1:123456789012"
    assert event["inputs"] == [
        {"namespace": glue, "name": "table/raw/airlines"},
        {"namespace": glue, "name": "table/raw/flights"},
    ]
    (output,) = event["outputs"]
    assert (output["namespace"], output["name"]) == (
        "arn:aws:sagemaker:us-east-1:123456789012",
        "feature-group/carrier_hourly",
    )
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 7
    airline, when = output["facets"]["columnLineage"]["fields"]["airline"]["inputFields"]
    assert airline == {
        "namespace": glue,
        "name": "table/raw/airlines",
        "field": "name",
        "transformations": [{"type": "DIRECT", "subtype": "IDENTITY"}],
    }
    assert when["transformations"] == [{"type": "INDIRECT", "subtype": "WINDOW"}]
    assert event["job"]["namespace"] == "larder://123456789012/us-east-1/dev"


def test_an_event_that_is_made_again_has_the_same_key_and_another_attempt_has_another_one():
    item = IntervalItem("g", 1, Interval(0, 30 * HOUR), attempts=1)
    made = pipeline(all_functions([DAY]))
    keys = [
        event_key(item, RunEvents(PLACE, lambda now=now: now).started(made, {}, item))
        for now in (10**15, 2 * 10**15)
    ]
    assert keys[0] == keys[1]
    assert keys[0].startswith("lineage/1970-01-02/")
    assert keys[0].endswith("-START.json")
    again = replace(item, attempts=2)
    assert event_key(again, RunEvents(PLACE, lambda: 0).started(made, {}, again)) != keys[0]


def test_a_deployment_hands_columns_to_its_functions():
    definitions = [load_pipeline(each) for each in EXAMPLES]
    columns = {each.group: column_lineage(each) for each in definitions}
    read = from_json(to_json(definitions, columns))
    assert read.columns == columns
    assert set(read.by_name) == {"card", "carrier_hourly"}


CONSUMERS = st.lists(
    st.builds(
        Consumer,
        st.sampled_from([NodeKind.TRAINING_SET, NodeKind.MODEL_PACKAGE, NodeKind.ENDPOINT]),
        st.sampled_from(["one", "two", "Churn/3"]),
        st.none() | st.frozensets(st.sampled_from(["spend_1h", "last_country", "removed"])),
    )
)


@given(CONSUMERS, st.sampled_from(EXAMPLES))
def test_every_edge_of_a_graph_joins_two_of_its_nodes(consumers, path):
    definition = load_pipeline(path)
    columns = column_lineage(definition)
    graph = graph_of(definition.group, columns, columns, consumers)
    nodes = set(graph.nodes)
    assert len(nodes) == len(graph.nodes)
    assert all({each.origin, each.target} <= nodes for each in graph.edges)
    assert {each.origin for each in graph.edges} | {each.target for each in graph.edges} == nodes
    group = Node(NodeKind.GROUP, definition.group)
    into = {each.origin.name.partition(".")[2] for each in graph.into(group)}
    assert into == set(columns)
    for each in consumers:
        assert Edge(group, Node(each.kind, each.name)) in graph.edges
    for name, uses in columns.items():
        feature = Node(NodeKind.FEATURE, f"{definition.group}.{name}")
        assert len(graph.into(feature)) == len(uses) > 0


@pytest.mark.parametrize(
    ("sql", "timed"),
    [
        ("SELECT e.k, e.t FROM raw.events AS e", (("raw.events", "t"),)),
        ("SELECT k, happened AS t FROM raw.events", (("raw.events", "happened"),)),
        (
            "SELECT e.k, e.T FROM raw.events AS e JOIN raw.cities AS c ON c.id = e.city",
            (("raw.events", "t"),),
        ),
        ("SELECT e.k, t FROM raw.events AS e JOIN raw.cities AS c ON c.id = e.city", ()),
        ("SELECT k, t + 1 AS t FROM raw.events", ()),
        ("SELECT k, t FROM (SELECT k, t FROM raw.events)", ()),
        ("SELECT k, t FROM raw.events UNION ALL SELECT k, t FROM raw.more", ()),
    ],
    ids=["plain", "renamed", "of-a-join", "of-either", "computed", "inner", "union"],
)
def test_late_events_are_looked_for_where_sql_has_their_instant_as_it_is(sql, timed):
    tables = ("raw.events", "raw.cities", "raw.more")
    of_sql = replace(OF_SQL, source=Source(time="t", sql=sql, tables=tables))
    assert with_instants(of_sql).source.instants == timed


def test_of_a_table_the_instant_is_its_own_column():
    of_table = replace(OF_SQL, source=Source(time="at", table="raw.events"))
    assert with_instants(of_table).source.instants == (("raw.events", "at"),)


def test_events_of_a_run_over_a_group_name_its_table():
    asked = pipeline(all_functions([DAY]), HOUR, source=Source(group="clicks", time="event_time"))
    group = feature_group(name="clicks", offline=replace(OFFLINE, table="clicks_1700000000"))
    read = over_history(asked, group)
    item = IntervalItem("g", 1, Interval(0, HOUR))
    event = RunEvents(PLACE, lambda: 0).completed(read, column_lineage(asked), item, 5)
    glue = "arn:aws:glue:us-east-1:123456789012"
    table = {"namespace": glue, "name": "table/larder_dev/clicks_1700000000"}
    assert event["inputs"] == [table]
    fields = event["outputs"][0]["facets"]["columnLineage"]["fields"]
    inputs = [each for field in fields.values() for each in field["inputFields"]]
    assert {(each["namespace"], each["name"]) for each in inputs} == {tuple(table.values())}
    assert "clicks_1700000000" in event["job"]["facets"]["sql"]["query"]
