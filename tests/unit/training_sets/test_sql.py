"""The generated SQL: its text, and that no name or value in it can change what it is."""

import random
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from larder.as_of.athena import Labels, as_of_query, unload
from larder.as_of.duckdb import as_of_duckdb_query
from larder.as_of.join import Join, Shape
from larder.as_of.oracle import Cut, nanos_of
from larder.as_of.text import literal, name, table_name
from larder.column_names import check_names
from larder.errors import ValidationError
from larder.event_time import NANOS
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.offline.feature_table import TableVersion
from larder.training_sets.spec import check_set_name
from tests.support.as_of import group

GOLDEN = Path(__file__).parent / "golden"
LABELS = Labels("larder_dev", "tmp_labels_0123456789abcdef", (("c0", "asked"), ("c1", "late")))
DAY = 86_400 * NANOS
FIRST, LAST = nanos_of("2024-01-31T12:00:00Z"), nanos_of("2024-02-01T23:59:59.999999999Z")


def join(number=0, *, text=True, cut=None, **changes):
    table = group(number, text=text)
    base = Join(
        number=number,
        table=table,
        version=TableVersion(7_000_000_000 + number, frozenset(_columns(table)), size=10**6),
        features=tuple((f, f"{f.name}_{number}") for f in table.features[2:4]),
        cut=cut or Cut(),
        first=FIRST,
        last=LAST,
    )
    return replace(base, **changes)


def _columns(table):
    return [feature.name.lower() for feature in table.features]


CASES = {
    "window": [join()],
    "keys": [join(shape=Shape.KEYS, cut=Cut(look_back=30 * DAY))],
    "range": [join(cut=Cut(look_back=DAY, known_as_of=LAST // 1000))],
    "two_groups": [join(cut=Cut(as_known_then=True)), join(1, text=False)],
    "fractional_as_known_then": [join(text=False, cut=Cut(look_back=DAY, as_known_then=True))],
}


@pytest.mark.parametrize("case", CASES)
def test_the_sql_is_the_reviewed_one(case):
    path = GOLDEN / f"{case}.sql"
    assert as_of_query(LABELS, CASES[case]) + "\n" == path.read_text()


@pytest.mark.parametrize("case", CASES)
def test_duckdbs_sql_is_the_reviewed_one(case):
    path = GOLDEN / "duckdb" / f"{case}.sql"
    assert as_of_duckdb_query(LABELS, CASES[case]) + "\n" == path.read_text()


@pytest.mark.parametrize("case", CASES)
def test_a_groups_table_is_named_once_and_at_its_snapshot(case):
    for each in CASES[case]:
        named = f'"larder_dev"."{each.table.table}" FOR VERSION AS OF {each.version.snapshot_id}'
        assert as_of_query(LABELS, CASES[case]).count(named) == 1


@pytest.mark.parametrize("case", CASES)
def test_only_days_that_labels_can_see_are_read(case):
    text = as_of_query(LABELS, CASES[case])
    for each in CASES[case]:
        bound = "< '2024-02-02'" if each.is_text else "<= CAST('1706831999.9999998' AS DOUBLE)"
        assert f'"event_time" {bound}' in text
        if each.is_text and each.cut.look_back == DAY:
            assert "\"event_time\" >= '2024-01-30'" in text


@pytest.mark.parametrize("case", CASES)
def test_spark_gets_no_two_queries_of_one_name(case):
    text = sqlglot.transpile(as_of_query(LABELS, CASES[case]), read="athena", write="spark")[0]
    names = [cte.alias for cte in sqlglot.parse_one(text, read="spark").find_all(exp.CTE)]
    assert len(names) == len(set(names))


def test_the_shape_follows_look_back_and_size():
    large = TableVersion(1, frozenset(), size=10**11)
    shapes = [
        join(),
        join(version=large),
        join(cut=Cut(look_back=DAY), version=large),
        join(cut=Cut(look_back=30 * DAY)),
        join(text=False, cut=Cut(as_known_then=True)),
    ]
    assert [each.best_shape.value for each in shapes] == [
        "window",
        "keys",
        "range",
        "window",
        "range",
    ]


def test_features_that_the_snapshot_lacks_are_typed_nulls():
    text = as_of_query(LABELS, [join(version=TableVersion(1, frozenset({"clicks"})))])
    assert '"clicks" AS f0,\n    CAST(NULL AS DOUBLE) AS f1' in text


def test_a_table_that_was_never_written_is_not_asked_for_a_snapshot():
    text = as_of_query(LABELS, [join(version=TableVersion(None, frozenset(), empty=True))])
    assert "FOR VERSION" not in text
    assert "1 = 0" in text


def test_a_query_longer_than_athena_takes_is_refused_with_the_cure():
    features = tuple(
        (FeatureDefinition(f"feature_{n}", FeatureType.STRING), f"out_{n}") for n in range(4000)
    )
    with pytest.raises(ValidationError, match="Athena takes 262144: name the features you need"):
        as_of_query(LABELS, [join(features=features)])


def injections(count=500):
    """Texts that try to leave the place they are put in."""
    dice = random.Random(1)
    pieces = [
        "'",
        '"',
        ";",
        "--",
        "/*",
        "*/",
        ")",
        "(",
        "\\",
        "`",
        "\n",
        "\x00",
        "$",
        "{",
        "%",
        "?",
    ]
    words = [
        "DROP TABLE x",
        "UNION SELECT 1",
        "OR 1=1",
        "TO 's3://evil/'",
        "a",
        "\u017f",
        "\u2019",
        ",",
    ]
    for _ in range(count):
        yield "".join(dice.choice(pieces + words) for _ in range(dice.randrange(1, 9)))


def test_500_injections_as_names_and_values_change_no_sql():
    plain = shape_of(statement("benign", "benign", "s3://lake/benign/"))
    for text in injections():
        assert shape_of(statement(text, text, text)) == plain, text


def test_500_injections_change_no_sql_of_duckdbs_either():
    plain = shape_of(asof_statement("benign", "benign"), read="duckdb")
    for text in injections():
        made = asof_statement(text, text)
        assert shape_of(made, read="duckdb") == plain, text
        if "\x00" not in text:  # DuckDB's parser takes none; the names' check refuses it before
            assert len(duckdb.extract_statements(made)) == 1, text


def asof_statement(feature, output):
    each = join(features=((FeatureDefinition(feature, FeatureType.STRING), output),))
    each = replace(each, version=TableVersion(1, frozenset({feature.lower()})))
    labels = replace(LABELS, columns=(("c0", output), ("c1", "split")), partition_by=("split",))
    return as_of_duckdb_query(labels, [each])


def statement(feature, output, location):
    """A statement with a column, output names and a location as given, of whatever kind."""
    definition = FeatureDefinition(feature, FeatureType.STRING)
    each = join(features=((definition, output),))
    each = replace(each, version=TableVersion(1, frozenset({feature.lower()})))
    query = as_of_query(replace(LABELS, columns=(("c0", output),)), [each])
    assert unload(query, location).endswith(f"TO {literal(location)}\n{OPTIONS})")
    by = f", partitioned_by = ARRAY[{literal(output.lower())}])"
    assert unload(query, location, [output]).endswith(f"TO {literal(location)}\n{OPTIONS}{by}")
    return query


OPTIONS = "WITH (format = 'PARQUET', compression = 'ZSTD'"


def shape_of(query, read="trino"):
    """The query's tree with every name and literal that was put in left out."""
    (tree,) = sqlglot.parse(query, read=read)
    return [type(node).__name__ for node in tree.walk()]


def test_injections_are_no_names_of_tables_sets_or_columns():
    signs = "'\";/*()\\`\n\x00${%?,=\u2019"
    hostile = [text for text in injections() if set(text) & set(signs)]
    assert len(hostile) > 450
    for text in hostile:
        with pytest.raises(ValidationError, match="no name of a database or table"):
            table_name("larder_dev", f"t{text}")
        with pytest.raises(ValidationError, match="no name of a training set"):
            check_set_name(f"a{text}b")
        with pytest.raises(ValidationError, match="no plain name"):
            check_names([f"a{text}"], what="label columns")


def test_quotes_are_doubled():
    assert (name('a"b'), literal("it's")) == ('"a""b"', "'it''s'")
