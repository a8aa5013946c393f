"""How a job is cut, and what its outputs are named."""

import itertools

import pytest

from larder.transforms.errors import BadInput
from larder.transforms.shards import SHARD_BYTES, Found, output_names, planned
from larder.transforms.work import Work

WORK = Work(source="s3://b/in/", output="s3://b/out/", lines=True)


def found(*sizes):
    return [Found(f"s3://b/in/{place}", size, "e") for place, size in enumerate(sizes)]


def plan(work, *sizes):
    objects = found(*sizes)
    return planned(work, objects, [str(place) for place in range(len(sizes))])


def test_a_large_object_is_cut_into_ranges_that_have_every_byte_once():
    size = 3 * SHARD_BYTES + 5
    shards = list(plan(WORK, size).shards)

    assert [(each.number, each.count) for each in shards] == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert (shards[0].start, shards[-1].end) == (0, size)
    assert all(one.end == two.start for one, two in itertools.pairwise(shards))
    assert {each.output for each in shards} == {"s3://b/out/0.out"}


@pytest.mark.parametrize(
    "work",
    [
        Work(source="s3://b/in", output="s3://b/out"),
        Work(
            **{**{f: getattr(WORK, f) for f in ("source", "output")}, "lines": True, "gzip": True}
        ),
    ],
)
def test_what_has_no_lines_or_is_compressed_is_not_cut(work):
    assert [each.count for each in plan(work, 9 * SHARD_BYTES).shards] == [1]


def test_small_objects_share_a_task_and_only_cut_ones_are_joined():
    made = plan(WORK, 10, 10, 0, SHARD_BYTES, 2 * SHARD_BYTES)

    assert [[each.place for each in task] for task in made.tasks] == [[0, 1, 2], [3], [4], [4]]
    assert [(each.place, each.number) for each in made.joined] == [(4, 0)]


def test_a_very_large_input_has_larger_ranges_and_not_more_tasks():
    assert len(plan(WORK, *[400 * SHARD_BYTES] * 100).tasks) <= 10_000


@pytest.mark.parametrize(
    ("source", "addresses", "names"),
    [
        ("s3://b/in/", ["s3://b/in/a.csv", "s3://b/in/x/b.csv"], ["a.csv", "x/b.csv"]),
        ("s3://b/in", ["s3://b/in/a.csv", "s3://b/in/x/b.csv"], ["a.csv", "x/b.csv"]),
        ("s3://b/in/a", ["s3://b/in/a.csv", "s3://b/in/ab/c"], ["a.csv", "ab/c"]),
        ("s3://b/in/a.csv", ["s3://b/in/a.csv"], ["a.csv"]),
        ("s3://b/in/a", ["s3://b/in/a/x", "s3://b/in/ax"], ["a/x", "ax"]),
    ],
)
def test_an_output_is_named_by_the_path_relative_to_the_prefix(source, addresses, names):
    assert output_names(source, addresses) == names


def test_a_prefix_without_objects_and_two_objects_of_one_name_are_refused():
    with pytest.raises(BadInput, match="No S3 objects found"):
        planned(WORK, [], [])
    with pytest.raises(BadInput, match=r"a\.out"):
        planned(WORK, found(1, 1), ["a", "a"])
