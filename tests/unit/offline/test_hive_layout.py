"""Where a row's file lies, and what the file is called."""

import re

import pytest

from larder.offline.hive_layout import file_name, hour_folder

HOUR = "year=2020/month=06/day=30/hour=00/"


@pytest.mark.parametrize(
    ("event_time", "folder"),
    [
        ("2020-06-30T00:44:01Z", HOUR),
        ("2020-06-30T00:59:59.999999999Z", HOUR),
        ("0001-01-01T23:00:00Z", "year=0001/month=01/day=01/hour=23/"),
        (1_593_477_841.0, HOUR),
        (0.0, "year=1970/month=01/day=01/hour=00/"),
        (-0.5, "year=1969/month=12/day=31/hour=23/"),
    ],
)
def test_a_row_lies_in_the_hour_of_its_event_time(event_time, folder):
    assert hour_folder(event_time) == folder


def test_a_file_is_named_by_its_latest_event_time_and_sixteen_characters():
    times = ["2020-06-30T00:44:01Z", "2020-06-30T00:06:59Z", "2020-06-30T00:44:00.5Z"]
    assert re.fullmatch(r"20200630T004401Z_[0-9A-Za-z]{16}\.parquet", file_name("a", HOUR, times))


def test_a_name_follows_from_commit_and_folder_alone():
    times = ["2020-06-30T00:44:01Z"]
    assert file_name("a", HOUR, times) == file_name("a", HOUR, times)
    names = {file_name("a", HOUR, times), file_name("b", HOUR, times), file_name("a", "x/", times)}
    assert len(names) == 3
