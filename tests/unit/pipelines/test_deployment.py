"""What a deployment changes of pipelines: beside what is deployed, and what is published."""

from dataclasses import replace
from datetime import date

import pytest

from larder.errors import ServiceUnavailable
from larder.pipelines.backfill import Backfills, SourceFile
from larder.pipelines.definition import Function, Source
from larder.pipelines.deployment import Deployments, Fate
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.runs.items import DUE, State
from larder.pipelines.runs.plan import Runs
from larder.pipelines.sql.statement import Interval
from larder.testing.pipeline_runs import MemoryLedger
from tests.support.pipelines import feature, pipeline

COUNT = feature("count", Function.COUNT, DAY)
SUM = feature("sum", Function.SUM, DAY, "x", scale=2)
BEFORE = pipeline([COUNT, SUM], hop=HOUR, start=date(1970, 1, 11))
AFTER = replace(BEFORE, features=(COUNT, replace(SUM, aggregate=replace(SUM.aggregate, of="n"))))
NOW = 13 * DAY + HOUR + 5 * MINUTE


class Files:
    def __init__(self, *files):
        self.files, self.asked = files, []

    def of(self, table, column, unit):
        self.asked.append((table, column, unit))
        return self.files


class Broken:
    def of(self, table, column, unit):
        raise ServiceUnavailable(f"the files of {table} can't be listed: no such table")


def deployments(*deployed, files=None, published=()):
    """A stage of some definitions; of some the first day is published by the definition given."""
    ledger = MemoryLedger()
    for each in published:
        publish(ledger, each)
    by_name = {each.group: each for each in deployed}
    return Deployments(lambda: by_name, ledger, Backfills(files or Files(), lambda: NOW))


def publish(ledger, definition):
    runs = Runs(ledger, lambda: NOW)
    runs.advance(definition)
    taken = runs.claim(definition, Interval(10 * DAY, 11 * DAY), "me", DUE)
    assert runs.end(taken, State.PUBLISHED, rows=1)


def only(plans):
    (plan,) = plans
    return plan


def test_a_definition_that_stays_is_unchanged():
    plan = only(deployments(BEFORE, published=[BEFORE]).plan([BEFORE]))
    assert (plan.fate, plan.changes, plan.refusals, plan.backfill) == (Fate.UNCHANGED, (), (), None)
    assert (plan.deployed, plan.published, plan.revision) == (1, 1, 1)


def test_a_silent_change_of_published_rows_is_refused_with_its_cure():
    plan = only(deployments(BEFORE, published=[BEFORE]).plan([AFTER]))
    refusal = only(plan.refusals)
    assert refusal.path == ("features", 0, "aggregate", "of")
    assert refusal.text == (
        "features.sum.aggregate.of: 'x' becomes 'n', which makes rows of revision 1 wrong: write "
        "`revision: 2` under pipeline, and all rows are computed again from `start`; or give the "
        "feature another name"
    )
    assert (plan.fate, plan.backfill) == (Fate.CHANGED, None)


def test_before_anything_is_published_it_may_change():
    plan = only(deployments(BEFORE).plan([AFTER]))
    assert [each.is_wrong for each in plan.changes] == [True]
    assert (plan.published, plan.refusals) == (None, ())


def test_what_decides_on_no_row_may_change():
    plan = only(deployments(BEFORE, published=[BEFORE]).plan([replace(BEFORE, owner="ada")]))
    assert [(e.member, e.before, e.after) for e in plan.changes] == [
        ("pipeline.owner", None, "ada")
    ]
    assert (plan.fate, plan.refusals, plan.backfill) == (Fate.CHANGED, (), None)


def test_a_raised_revision_is_allowed_and_makes_everything_due():
    plan = only(deployments(BEFORE, published=[BEFORE]).plan([replace(AFTER, revision=2)]))
    assert (plan.fate, plan.refusals) == (Fate.CHANGED, ())
    told = plan.backfill
    assert (told.after, told.until) == ("1970-01-11T00:00:00Z", "1970-01-14T00:00:00Z")
    assert told.intervals == 3


def test_a_revision_only_grows():
    second = replace(BEFORE, revision=3)
    refusal = only(only(deployments(second, published=[second]).plan([BEFORE])).refusals)
    assert refusal.path == ("pipeline", "revision")
    assert "it is 1, and rows of 3 are published: write `revision: 4`" in refusal.text


def test_a_change_that_was_deployed_silently_is_seen_by_the_ledger():
    """Deployed without a plan, the document agrees; the rows were made by another definition."""
    plan = only(deployments(AFTER, published=[BEFORE]).plan([AFTER]))
    assert plan.changes == ()
    refusal = only(plan.refusals)
    assert refusal.path == ("features", 0)
    assert refusal.text.startswith("features.sum: rows of revision 1 were published by another")
    assert "write `revision: 2`" in refusal.text


def test_a_feature_that_is_computed_no_more_is_refused_once():
    plan = only(deployments(BEFORE, published=[BEFORE]).plan([replace(BEFORE, features=(COUNT,))]))
    refusal = only(plan.refusals)
    assert refusal.text.startswith("features.sum: 'type: Fractional, function: sum")


def test_a_revision_that_was_deployed_and_never_run_may_change_once_more():
    second = replace(BEFORE, revision=2)
    plan = only(deployments(second, published=[BEFORE]).plan([replace(AFTER, revision=2)]))
    assert (plan.published, plan.refusals) == (1, ())
    assert plan.backfill.intervals == 3


def test_new_and_removed_pipelines_are_told():
    other = replace(BEFORE, group="other")
    new, gone = deployments(BEFORE, published=[BEFORE]).plan([other])
    assert (new.pipeline, new.fate, new.deployed, new.revision) == ("other", Fate.NEW, None, 1)
    assert new.backfill.intervals == 3
    assert (gone.pipeline, gone.fate, gone.published, gone.revision) == ("g", Fate.REMOVED, 1, None)


def test_a_query_reads_the_files_that_may_have_its_events():
    day = [10 * DAY, 11 * DAY, 12 * DAY]
    files = Files(
        SourceFile(1, 8 * DAY, 9 * DAY),  # before the first interval less the window of a day
        *(SourceFile(10, each + 1, each + DAY) for each in day),
        SourceFile(1000),
    )
    told = only(deployments(files=files).plan([BEFORE])).backfill
    assert told.queries == (1010, 1020, 1020)
    assert told.bytes_read == 3050
    assert files.asked == [("raw.events", "t", BEFORE.source.unit)]


def test_of_a_select_only_the_table_with_the_instants_is_read_in_part():
    source = Source(
        sql="SELECT 1", tables=("raw.a", "raw.b"), time="t", timed=(("raw.b", "at"),)
    )  # fmt: skip
    files = Files(SourceFile(5))
    told = only(deployments(files=files).plan([replace(BEFORE, source=source)])).backfill
    assert files.asked == [("raw.a", None, source.unit), ("raw.b", "at", source.unit)]
    assert told.queries == (10, 10, 10)


@pytest.mark.parametrize(
    ("source", "files", "why"),
    [
        (BEFORE.source, Broken(), "the files of raw.events can't be listed: no such table"),
        (Source(group="raw", time="t"), Files(), "the source is source.group, not a table"),
    ],
    ids=["no-table", "group"],
)
def test_what_is_not_known_is_said_to_be_unknown(source, files, why):
    told = only(deployments(files=files).plan([replace(BEFORE, source=source)])).backfill
    assert (told.bytes_read, told.unknown, told.intervals) == (None, why, 3)
