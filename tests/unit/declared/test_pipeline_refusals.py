"""Definition files with pipelines that are wrong: each is named by file, line and member."""

import pytest

from larder.declared.files import (
    definition_warnings,
    load_definitions,
    load_pipeline,
    load_pipelines,
)
from larder.errors import ConfigurationError
from larder.pipelines.definition import TimeUnit

GOOD = """\
name: card
record_identifier: card_id
event_time: at
online: {storage_type: InMemory}
offline: {table_format: Iceberg}
pipeline:
  source: {table: pay.events, time: happened_at, order: [event_id]}
  emit: {every: 1h}
  available_after: 2h
  schedule: {every: 1h}
  start: 2025-01-01
features:
  - {name: card_id, type: String}
  - {name: at, type: String}
  - {name: spend, type: Fractional, aggregate: {function: sum, of: amount, window: 24h}}
"""
SOURCE = "{table: pay.events, time: happened_at, order: [event_id]}"
SPEND = "{name: spend, type: Fractional, aggregate: {function: sum, of: amount, window: 24h}}"


def feature(aggregate, kind="Fractional", more=""):
    return f"{{name: spend, type: {kind}{more}, aggregate: {{{aggregate}}}}}"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "features"
    folder.mkdir()
    return folder


def complaints(folder, text):
    (folder / "it.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_definitions(folder)
    return str(caught.value).splitlines()


def test_the_definition_that_the_others_are_made_of_is_right(folder):
    (folder / "it.yaml").write_text(GOOD)
    (document,) = load_definitions(folder)
    assert [f["FeatureName"] for f in document["Request"]["FeatureDefinitions"]] == [
        *("card_id", "at", "spend")
    ]
    assert "Pipeline" not in document


CASES = [
    # the source
    (SOURCE, "{time: happened_at}", "7: pipeline.source: Member must have exactly one of [table, "
     "group, files, sql] (it is of no source)"),
    (SOURCE, "{table: pay.events, group: other, time: t}", "7: pipeline.source: Member must have "
     "exactly one of [table, group, files, sql] (it is of table, group)"),
    (SOURCE, "{table: pay.events}", "7: pipeline.source.time: Member must not be null"),
    (SOURCE, "{table: events, time: t}", "7: pipeline.source.table: Member must satisfy regular"),
    (SOURCE, "{group: card, time: t}", "7: pipeline.source.group: Member must be another group"),
    (SOURCE, "{group: other, time: t, version: write_time}", "7: pipeline.source.version: Member "
     "must be left out with a group: of copies its newest write counts (it is 'write_time')"),
    (SOURCE, "{group: other, time: t, unit: timestamp}", "7: pipeline.source.unit: Member must "
     "be iso8601 or seconds with a group, as its event times are (it is 'timestamp')"),
    (SOURCE, "{files: {s3: 's3://b', format: csv, columns: {t: string}}, time: t}",
     "7: pipeline.source.files.s3: Member must be a folder below a bucket, as "
     "s3://bucket/folder/, of letters, digits and any of ! - _ . ' ( ) = (it is 's3://b/')"),
    (SOURCE, "{files: {s3: 's3://bucket/x*', format: json, columns: {t: string}}, time: t}",
     "7: pipeline.source.files.s3: Member must be a folder below a bucket"),
    (SOURCE, "{files: {s3: 's3://bucket/x', format: csv, columns: {t: timestamp}}, time: t}",
     "7: pipeline.source.files.columns.t: Member must be one of [string, boolean, bigint, double] "
     "in csv; write string, and for the events' instants a unit (it is 'timestamp')"),
    (SOURCE, "{files: {s3: 's3://bucket/x', format: parquet, columns: {t: uuid}}, time: t}",
     "7: pipeline.source.files.columns.t: Member must be one of [string, boolean, bigint, double, "
     "int, float, date, timestamp] in parquet (it is 'uuid')"),
    (SOURCE, "{table: a.b, time: t, order: [t]}", "7: pipeline.source.order: Member must name a "
     "column once among time, order and version (it is 't')"),
    (SOURCE, "{table: a.b, time: t, unit: hours}", "7: pipeline.source.unit: Member must satisfy "
     "enum value set: [timestamp, iso8601, seconds, milliseconds, microseconds] (it is 'hours')"),
    (SOURCE, "{table: a.b, time: t, where: day > current_date}", "7: pipeline.source.where: Member "
     "must be SQL that every engine computes alike: CURRENT_DATE gives another value"),
    (SOURCE, "{table: a.b, time: t, tables: [a.b]}", "7: pipeline.source.tables: Member must be "
     "left out without source.sql"),
    (SOURCE, "{sql: 'SELECT card_id, t FROM a.b; DROP TABLE a.b', tables: [a.b], time: t}",
     "7: pipeline.source.sql: Member must be SQL that every engine computes alike: it must be one"),
    (SOURCE, "{sql: 'DELETE FROM a.b', tables: [a.b], time: t}", "7: pipeline.source.sql: Member "
     "must be SQL that every engine computes alike: it is not a SELECT"),
    (SOURCE, "{sql: 'SELECT card_id, t, amount FROM a.b', tables: [a.c], time: t}",
     "7: pipeline.source.tables: Member must list every table that source.sql reads, as "
     "database.table (it is without a.b)"),
    (SOURCE, "{sql: 'SELECT card_id, t, amount FROM a.b', tables: [a.b, a.c], time: t}",
     "7: pipeline.source.tables: Member must list only tables that source.sql reads (it is with"),
    # columns, where they are known
    (SOURCE, "{sql: 'SELECT card_id, t FROM a.b', tables: [a.b], time: t}", "15: features[2]."
     "aggregate.of: Member must name columns of the source, which has [card_id, t] (it is 'amount"),
    (SOURCE, "{sql: 'SELECT t, amount FROM a.b', tables: [a.b], time: t}",
     "2: record_identifier: Member must name columns of the source, which has [amount, t]"),
    (SOURCE, "{files: {s3: 's3://b/x', format: csv, columns: {card_id: string, amount: double}}, "
     "time: t}", "7: pipeline.source.time: Member must name columns of the source, which has "
     "[amount, card_id] (it is 't')"),
    (SOURCE, "{sql: 'SELECT card_id, t, amount FROM a.b', tables: [a.b], time: t, order: [id]}",
     "7: pipeline.source.order[0]: Member must name columns of the source"),
    # times
    ("emit: {every: 1h}", "emit: {every: 7h}", "8: pipeline.emit.every: Member must divide a day "
     "and be from 5m to 1d (it is '7h')"),
    ("emit: {every: 1h}", "emit: {every: 1m}", "8: pipeline.emit.every: Member must divide a day"),
    ("emit: {every: 1h}", "emit: {every: hourly}", "8: pipeline.emit.every: Member must be a "
     "length: write a number and s, m, h or d, for example 90s, 15m, 24h or 7d (it is 'hourly')"),
    ("emit: {every: 1h}", "emit: {every: 60}", "8: pipeline.emit.every: Member must be a string"),
    ("emit: {every: 1h}", "emit: always", "8: pipeline.emit: Member must be an object"),
    ("  emit: {every: 1h}\n", "", "6: pipeline.emit: Member must not be null"),
    ("start: 2025-01-01", "start: January", "11: pipeline.start: Member must"),
    ("start: 2025-01-01", "start: '2025-02-30'", "11: pipeline.start: Member must be a day"),
    ("schedule: {every: 1h}", "schedule: {every: 2d}", "10: pipeline.schedule.every: Member must "
     "be from 1m to 1d (it is '2d')"),
    ("schedule: {every: 1h}", "schedule: {every: 1h, timezone: UTC}", "10: pipeline.schedule."
     "timezone: Member must be left out without cron"),
    ("schedule: {every: 1h}", "schedule: {every: 1h, cron: 'cron(0 * * * ? *)'}",
     "10: pipeline.schedule: Member must have exactly one of [every, cron, off] (it is of every and cron"),
    ("schedule: {every: 1h}", "late: {wait: 3h, accept: 2h}", "10: pipeline.late.accept: Member "
     "must be at least late.wait, which is 3h (it is '2h')"),
    ("available_after: 2h", "available_after: soon", "9: pipeline.available_after: Member must be "
     "a length"),
    # features
    (SPEND, feature("function: median, of: amount, window: 24h"), "15: features[2].aggregate."
     "function: Member must satisfy enum value set: [count, sum, avg"),
    (SPEND, feature("function: sum, of: amount, window: 90m"), "15: features[2].aggregate.window: "
     "Member must be a multiple of emit.every, which is 1h (it is '90m')"),
    (SPEND, feature("function: sum, of: amount, window: 1m"), "15: features[2].aggregate.window: "
     "Member must be from 5m to 400d (it is '1m')"),
    (SPEND, feature("function: sum, of: amount, window: 401d"), "15: features[2].aggregate.window"),
    (SPEND, feature("function: sum, of: amount"), "15: features[2].aggregate.window: Member must be"
     " a length, for example 24h (it is null)"),
    (SPEND, feature("function: sum, of: amount, window: 24h, windows: [1h]"),
     "15: features[2].aggregate.windows: Member must be left out with `window`"),
    (SPEND, feature("function: sum, of: amount, windows: [1h]"), "15: features[2].aggregate.windows"
     ": Member must be left out, or the feature's name must contain {window}"),
    (SPEND, feature("function: sum, window: 24h"), "15: features[2].aggregate.of: Member must say "
     "what of an event sum takes"),
    (SPEND, feature("function: sum, of: amount / 3, window: 24h"), "15: features[2].aggregate.of: "
     "Member must be SQL that every engine computes alike: amount / 3: engines divide"),
    (SPEND, feature("function: sum, of: random(), window: 24h"), "15: features[2].aggregate.of: "
     "Member must be SQL that every engine computes alike: RAND() gives another value"),
    (SPEND, feature("function: count, window: 24h"), "15: features[2].type: Member must be Integral"
     " for count (it is 'Fractional')"),
    (SPEND, feature("function: distinct, of: x, window: 24h", "String"), "15: features[2].type: "
     "Member must be Integral for distinct"),
    (SPEND, feature("function: avg, of: x, window: 24h", "Integral"), "15: features[2].type: Member"
     " must be Fractional for avg"),
    (SPEND, feature("function: rate, of: x, window: 24h", "Integral"), "15: features[2].type: "
     "Member must be Fractional for rate"),
    (SPEND, feature("function: stddev, of: x, window: 24h", "String"), "15: features[2].type: "
     "Member must be Fractional for stddev"),
    (SPEND, feature("function: sum, of: x, window: 24h", "String"), "15: features[2].type: Member "
     "must be Integral or Fractional for sum"),
    (SPEND, feature("function: sum, of: x, window: 24h, scale: 2", "Integral"), "15: features[2]."
     "aggregate.scale: Member must be 0 for a sum of type Integral (it is '2')"),
    (SPEND, feature("function: max, of: x, window: 24h, scale: 2"), "15: features[2].aggregate."
     "scale: Member must be left out: only avg, stddev, sum add values up"),
    (SPEND, feature("function: sum, of: x, window: 24h, scale: 13"), "15: features[2].aggregate."
     "scale: Member must have value less than or equal to 12"),
    (SPEND, feature("function: last_n, of: x, n: 3, window: 24h", "String"), "15: features[2]."
     "collection: Member must be List for last_n (it is null)"),
    (SPEND, feature("function: last_n, of: x, window: 24h", "String", ", collection: List"),
     "15: features[2].aggregate.n: Member must be given for last_n, and for nothing else"),
    (SPEND, feature("function: sum, of: x, n: 3, window: 24h"), "15: features[2].aggregate.n"),
    (SPEND, feature("function: sum, of: x, window: 24h", more=", collection: List"),
     "15: features[2].collection: Member must be left out: sum (it is 'List')"),
    (SPEND, "{name: spend, type: Fractional}", "15: features[2].name: the feature needs `aggregate`"
     " or `latest`: the file has a pipeline, and nothing else says how it is computed"),
    (SPEND, SPEND.replace("aggregate", "latest: amount, aggregate"), "15: features[2].latest: "
     "Member must be left out with `aggregate`"),
    ("{name: card_id, type: String}", "{name: card_id, type: String, latest: card_id}",
     "13: features[0].latest: Member must be left out of the record identifier and the event time"),
    # the group
    ("offline: {table_format: Iceberg}\n", "", "1: offline.table_format: Member must be Iceberg"),
    ("{table_format: Iceberg}", "{table_format: Glue}", "5: offline.table_format: Member must be "
     "Iceberg for a group that a pipeline writes (it is 'Glue')"),
    ("{table_format: Iceberg}", "{}", "5: offline.table_format: Member must be Iceberg"),
    ("start: 2025-01-01", "start: 2025-01-01\ngrants: {write: ['*']}", "12: grants.write: Member "
     "must be left out: the pipeline writes this group"),
    # expectations
    ("start: 2025-01-01", "start: 2025-01-01\n  expect: [{unique: [cards]}]", "12: pipeline.expect"
     "[0].unique: Member must name features of the file (it is 'cards')"),
    ("start: 2025-01-01", "start: 2025-01-01\n  expect: [{rows: {min: 1}, sql: a > 1}]",
     "12: pipeline.expect[0]: Member must have exactly one of [rows, keys, unique"),
    ("start: 2025-01-01", "start: 2025-01-01\n  expect: [{rows: {within: half}}]",
     "12: pipeline.expect[0].rows.within: Member must satisfy regular expression"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), CASES, ids=map(str, range(len(CASES))))
def test_what_is_wrong_is_named_by_file_line_and_member(folder, old, new, words):
    assert old in GOOD
    found = complaints(folder, GOOD.replace(old, new))
    assert any(each.startswith(f"features/it.yaml:{words}") for each in found), found


@pytest.mark.parametrize("member", ["aggregate", "latest", "expect"])
def test_computed_features_need_a_pipeline(folder, member):
    value = {"aggregate": "{function: count, window: 1h}", "latest": "x", "expect": "{min: 0}"}
    start, end = GOOD.index("pipeline:"), GOOD.index("features:")
    text = GOOD[:start] + GOOD[end:].replace(SPEND, f"{{name: n, type: Integral, {member}: "
                                             f"{value[member]}}}")  # fmt: skip
    (found,) = complaints(folder, text)
    assert found.endswith("say where events come from: add `pipeline:`")
    assert found.startswith(f"features/it.yaml:9: features[2].{member}: ")


@pytest.mark.parametrize(
    "ordered",
    [
        "{name: spend, type: String, aggregate: {function: last, of: x, window: 24h}}",
        "{name: spend, type: String, collection: List, aggregate: {function: last_n, of: x, n: 2, "
        "window: 24h}}",
        "{name: spend, type: String, latest: x}",
    ],
    ids=["last", "last_n", "latest"],
)
def test_what_depends_on_order_needs_one(folder, ordered):
    text = GOOD.replace(SPEND, ordered).replace(", order: [event_id]", "")
    (found,) = complaints(folder, text)
    assert "7: pipeline.source.order: Member must name columns that are unique" in found
    assert "of spend is otherwise unknown where two events tie" in found


@pytest.mark.parametrize(
    ("window", "hop", "coarser"), [("8d", "5m", "10m"), ("400d", "1h", "6h"), ("84d", "1h", "2h")]
)
def test_frames_of_too_many_hops_are_refused_with_a_coarser_one(folder, window, hop, coarser):
    most = (
        f"{{name: spend, type: Fractional, aggregate: {{function: max, of: x, window: {window}}}}}"
    )
    text = GOOD.replace(SPEND, most).replace("{every: 1h}", f"{{every: {hop}}}", 1)
    (found,) = complaints(folder, text)
    assert f"write emit: {{every: {coarser}}}, or a shorter window (it is '{window}')" in found
    (folder / "it.yaml").write_text(text.replace(f"{{every: {hop}}}", f"{{every: {coarser}}}", 1))
    assert load_definitions(folder)


def test_a_name_for_several_windows_is_several_features(folder):
    several = (
        "{name: 'spend_{window}', type: Integral, aggregate: {function: count, windows: [1h, 7d]}}"
    )
    (folder / "it.yaml").write_text(GOOD.replace(SPEND, several))
    (document,) = load_definitions(folder)
    names = [each["FeatureName"] for each in document["Request"]["FeatureDefinitions"]]
    assert names[2:] == ["spend_1h", "spend_7d"]


def test_what_is_wrong_with_one_of_several_windows_is_named_once_at_its_line(folder):
    several = (
        "{name: 'spend_{window}', type: Text, aggregate: {function: count, windows: [1h, 7d]}}"
    )
    (found,) = complaints(folder, GOOD.replace(SPEND, several))
    assert found.startswith("features/it.yaml:15: features[2].type: Member must satisfy enum")


def test_a_window_twice_is_a_name_twice(folder):
    several = (
        "{name: 'spend_{window}', type: Integral, aggregate: {function: count, windows: [1h, 1h]}}"
    )
    (found,) = complaints(folder, GOOD.replace(SPEND, several))
    assert found.startswith("features/it.yaml:15: features[2].name: Member must")


def test_a_name_with_braces_in_braces_needs_quotes_and_is_told_so(folder):
    several = "{name: spend_{window}, type: Integral, aggregate: {function: count, windows: [1h]}}"
    (found,) = complaints(folder, GOOD.replace(SPEND, several))
    assert "features/it.yaml:15: this is not YAML" in found
    assert "a name with {window} needs quotes: {name: 'spend_{window}'" in found


def test_others_may_write_where_that_is_meant(folder):
    text = GOOD.replace("start: 2025-01-01", "start: 2025-01-01\n  shared: true")
    (folder / "it.yaml").write_text(text + "grants: {write: ['*']}\n")
    assert load_definitions(folder)


@pytest.mark.parametrize(
    ("available", "schedule", "warns"),
    [
        ("2h", "{every: 1h}", False),
        ("70m", "{every: 1h}", False),
        ("69m", "{every: 1h}", True),
        ("0s", "{every: 5m}", True),
        ("0s", "off", False),
        ("0s", "{cron: 'cron(0 * * * ? *)'}", False),
    ],
)
def test_rows_that_come_later_than_they_say_are_warned_of(folder, available, schedule, warns):
    text = GOOD.replace("available_after: 2h", f"available_after: {available}")
    (folder / "it.yaml").write_text(text.replace("schedule: {every: 1h}", f"schedule: {schedule}"))
    found = definition_warnings(folder)
    words = f"features/it.yaml: pipeline.available_after is {available}, but a row may come"
    assert [each.startswith(words) for each in found] == [True] * warns


@pytest.mark.parametrize("emit", ["event", "{event: true}"])
def test_rows_may_be_written_at_each_event(folder, emit):
    (folder / "it.yaml").write_text(GOOD.replace("emit: {every: 1h}", f"emit: {emit}"))
    assert load_pipeline(folder / "it.yaml").hop == 0


def test_a_file_without_a_pipeline_has_none_to_load(folder):
    start, end = GOOD.index("pipeline:"), GOOD.index("features:")
    (folder / "it.yaml").write_text(
        GOOD[:start] + GOOD[end:].replace(SPEND, "{name: n, type: String}")
    )
    with pytest.raises(ConfigurationError, match="has no `pipeline:`"):
        load_pipeline(folder / "it.yaml")
    with pytest.raises(ConfigurationError, match="is not a file"):
        load_pipeline(folder / "other.yaml")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            SOURCE,
            "{group: other, time: at, order: [id]}\n  engine: spark",
            "features/it.yaml:8: pipeline.engine: Member must be auto or athena with source.group",
        ),
        (
            SOURCE,
            "{files: {s3: 's3://bucket/x/', format: csv, columns: {card_id: string, id: string, "
            "amount: double, at: string}}, time: at, unit: iso8601, order: [id]}\n  engine: spark",
            "features/it.yaml:8: pipeline.engine: Member must be auto or athena with source.files",
        ),
    ],
    ids=["group", "files"],
)
def test_what_the_platform_does_not_compute_is_refused_when_it_is_deployed(
    folder, old, new, complaint
):
    assert old in GOOD
    path = folder / "it.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load_pipelines(folder)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(complaint)
    assert load_pipeline(path).group == "card"


def reading(folder, **reads):
    for name, group in reads.items():
        text = GOOD.replace("name: card\n", f"name: {name}\n")
        (folder / f"{name}.yaml").write_text(text.replace(SOURCE, f"{{group: {group}, time: at}}"))


def test_groups_may_be_made_of_groups(folder):
    reading(folder, one="events", two="one", three="one")
    assert [each.source.group for each in load_pipelines(folder)] == ["events", "one", "one"]
    assert {each.source.unit for each in load_pipelines(folder)} == {TimeUnit.ISO8601}


def test_a_circle_of_groups_is_refused_at_each_of_them(folder):
    reading(folder, one="three", two="one", three="two", four="one")
    with pytest.raises(ConfigurationError) as caught:
        load_pipelines(folder)
    assert str(caught.value).splitlines() == [
        f"features/{name}.yaml:7: pipeline.source.group: Member must not lead back to this group: "
        f"{way} (it is '{reads}')"
        for name, way, reads in (
            ("one", "one reads three reads two reads one", "three"),
            ("three", "three reads two reads one reads three", "two"),
            ("two", "two reads one reads three reads two", "one"),
        )
    ]
