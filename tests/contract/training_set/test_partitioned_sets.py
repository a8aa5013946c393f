"""Training sets laid out in folders by label columns: the same rows, found by any reader."""

from datetime import date

import pyarrow as pa
import pytest

from larder import GroupFeatures
from larder.errors import ValidationError
from tests.support.groups import FEATURES
from tests.support.offline import row


@pytest.fixture
def customers(bench):
    return bench.group(FEATURES, [row()])


def given(**columns):
    rows = len(next(iter(columns.values()))) if columns else 4
    return pa.table(
        {
            "asked": ["2024-01-31T12:00:00Z"] * (rows - 1) + ["2024-01-31T11:00:00Z"],
            "customer_id": ["c1"] * rows,
            **columns,
        }
    )


def make(bench, customers, labels, *columns):
    spec = bench.spec(
        GroupFeatures(group=customers.name, features=["clicks"]), partition_by=columns
    )
    return bench.create(spec, labels)


SPLITS = given(
    Split=["train", "test", "å/=% x", "train"],
    day=[date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 1), date(2024, 1, 1)],
    fold=pa.array([1, -2, 1, 1], pa.int32()),
    late=[True, False, True, True],
)


def test_files_lie_in_folders_and_rows_come_back_as_from_a_plain_set(bench, customers):
    made = make(bench, customers, SPLITS, "Split", "day", "fold", "late")
    plain = make(bench, customers, SPLITS)

    folders = {
        f.address[len(made.manifest.location) :].rsplit("/", 1)[0] for f in made.manifest.files
    }
    assert "split=train/day=2024-01-01/fold=1/late=true" in folders
    assert len(folders) == 3
    assert made.to_arrow().equals(plain.to_arrow())
    assert made.to_arrow()["clicks"].to_pylist() == [3, 3, 3, None]
    assert made.manifest.content_hash == plain.manifest.content_hash
    assert made.manifest.parameters["partition_by"] == ["Split", "day", "fold", "late"]


def test_a_partitioned_set_is_rebuilt_the_same(bench, customers):
    made = make(bench, customers, SPLITS, "Split")

    again = bench.client.rebuild(made.manifest.name, keep=True)

    assert (again.identical, again.content_hash) == (True, made.manifest.content_hash)


@pytest.mark.parametrize(
    ("labels", "columns", "words"),
    [
        (SPLITS, ["splt"], "the labels have no column 'splt', which is a column to partition"),
        (SPLITS, ["Split", "Split"], "named twice"),
        (given(x=["a", None]), ["x"], "'x' has rows without a value"),
        (given(x=["", "a"]), ["x"], "'x' has rows without a value"),
        (given(x=[0.5, 1.5]), ["x"], "can't be partitioned by 'x' .double"),
        (given(**{"a b": ["x", "y"]}), ["a b"], "can't be partitioned by 'a b'"),
        (given(x=[str(n) for n in range(101)]), ["x"], "gives more than 100 folders"),
        (given(), ["asked", "customer_id"], "one label column at least"),
    ],
)
def test_columns_that_make_no_folders_are_refused_and_nothing_stays(
    bench, customers, labels, columns, words
):
    spec = bench.spec(GroupFeatures(group=customers.name), partition_by=tuple(columns))
    with pytest.raises(ValidationError, match=words):
        bench.create(spec, labels)
    assert bench.objects(spec.name) == []
