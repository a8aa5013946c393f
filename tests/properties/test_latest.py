"""The SQL for the newest versions finds, for each record, what the order of records says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.as_of.latest import deleted_query, latest_query
from larder.event_time import event_time_nanos, parse_event_time
from larder.ingestion.adapters.versions import VersionRows
from larder.offline.feature_table import TableVersion
from larder.records.codec import unpack
from tests.support.as_of import START, arrow_on_duckdb, random_case, tables_of
from tests.support.examples import examples
from tests.support.groups import feature_group

SECOND = 1_000_000_000
BOUNDS = [(None, None), (START + 5, None), (None, START + 3), (START + 9, START + 2)]


def newest(table, rows, as_of, since):
    """Values of each record's newest version within bounds, deletions apart, by identifier."""
    best = {}
    for row in rows:
        key = parse_event_time(str(row.event_time), table.event_time_type)
        nanos = event_time_nanos(key, table.event_time_type)
        if (as_of is None or nanos <= as_of) and (since is None or nanos >= since):
            order = (key, not row.is_deleted, row.write_time)
            if row.identifier not in best or order > best[row.identifier][0]:
                best[row.identifier] = (order, row)
    return {
        identifier: (row.write_time, key, row.values)
        for identifier, ((key, _, _), row) in best.items()
        if not row.is_deleted
    }


def check(seed, as_of, since):
    case = random_case(seed)
    table, rows = case.tables[0], case.rows[0]
    as_of, since = (None if s is None else s * SECOND for s in (as_of, since))
    version = TableVersion(None, frozenset(f.name.lower() for f in table.features))
    text = latest_query(table, version, as_of=as_of, since=since)
    found = arrow_on_duckdb(text, tables_of(case))
    expected = newest(table, rows, as_of, since)
    assert len(found) == len(expected)
    if not expected:
        return 0
    group = feature_group(
        features=table.features,
        record_identifier_name=table.record_identifier.name,
        event_time_name=table.event_time.name,
    )
    columns = VersionRows(group, recorded=True)
    (batch,) = found.combine_chunks().to_batches()
    for _, each in columns.versions(columns.latest(batch)):
        identifier = each.identifier
        if table.record_identifier.type == "Integral":
            identifier = int(identifier)
        write_time, key, values = expected[identifier]
        assert (each.write_time, each.event_key) == (write_time, key)
        texts = [None if v is None else v if isinstance(v, str) else repr(v) for v in values]
        while texts[-1] is None:
            texts.pop()
        assert list(unpack(each.packed)) == texts
        assert each.recorded
    return len(expected)


@examples(0.25)
@given(st.integers(0, 2**32), st.sampled_from(BOUNDS))
def test_newest_versions(seed, bounds):
    check(seed, *bounds)


def deleted(seed, since, until):
    """Checks the identifiers that the query for deletions gives; how many there are."""
    case = random_case(seed)
    table, rows = case.tables[0], case.rows[0]
    version = TableVersion(None, frozenset(f.name.lower() for f in table.features))
    last = until if until is None else (START + until) * 1_000_000
    first = (START + since) * 1_000_000
    text = deleted_query(table, version, since=first, until=last)
    found = arrow_on_duckdb(text, tables_of(case))
    best = {}
    for row in rows:
        key = parse_event_time(str(row.event_time), table.event_time_type)
        order = (key, not row.is_deleted, row.write_time)
        known = last is None or row.write_time <= last
        if known and (row.identifier not in best or order > best[row.identifier][0]):
            best[row.identifier] = (order, row)
    expected = sorted(
        (identifier, str(row.event_time))
        for identifier, (_, row) in best.items()
        if row.is_deleted and row.write_time >= first - 1000
    )
    given = zip(found.column("f0").to_pylist(), found.column("f1").to_pylist(), strict=True)
    assert sorted((identifier, str(time)) for identifier, time in given) == expected
    return len(expected)


@examples(0.25)
@given(st.integers(0, 2**32), st.integers(-2, 12), st.none() | st.integers(0, 14))
def test_deletions_since_an_instant(seed, since, until):
    deleted(seed, since, until)


def test_some_deletions_are_found():
    assert sum(deleted(seed, -2, None) for seed in range(8)) > 3


@pytest.mark.parametrize("bounds", BOUNDS)
def test_some_are_found(bounds):
    assert sum(check(seed, *bounds) for seed in range(4))


def test_a_table_that_was_never_written_has_none():
    case = random_case(1)
    version = TableVersion(None, frozenset(), empty=True)
    text = latest_query(case.tables[0], version, as_of=None, since=None)
    assert arrow_on_duckdb(text, tables_of(case)).num_rows == 0
