"""Progress as the commands show it: a bar on a terminal, lines elsewhere."""

from io import StringIO

import pytest

from larder.cli.progress import ProgressBar, line
from larder.progress import Progress


class Terminal(StringIO):
    def isatty(self):
        return True


def shown(out, *reports, quiet=False):
    bar = ProgressBar(out, quiet=quiet)
    for each in reports:
        bar(each)
    bar.end()
    return out.getvalue()


def screen(printed):
    """The lines that are left on a terminal: what follows a carriage return covers the line."""
    return [line.split("\r")[-1].strip() for line in printed.removesuffix("\n").split("\n")]


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress("query"), "query: begun, 0 s"),
        (Progress("query", "RUNNING", 3.4, bytes=1_200_000), "query: RUNNING, 3 s, 1.2 MB"),
        (Progress("check", seconds=2, rows=10, bytes=999), "check: 10 rows, 5 rows/s, 999 B"),
        (
            Progress("online", seconds=4, rows=1200, total=2400),
            "online: 1,200 of 2,400 rows, 300 rows/s, 4 s left",
        ),
        (
            Progress("ingest", seconds=4, rows=1200, fraction=0.12),
            "ingest: 1,200 of about 10,000 rows, 300 rows/s, 29 s left",
        ),
        (
            Progress("ingest", rows=5, total=3),
            "ingest: 5 of 3 rows, 5,000,000,000 rows/s, 0 s left",
        ),
    ],
)
def test_progress_in_words(progress, text):
    assert line(progress) == text


def test_off_a_terminal_each_stage_and_state_is_a_line_and_so_are_ten_seconds():
    printed = shown(
        StringIO(),
        Progress("query", "QUEUED", 1),
        Progress("query", "RUNNING", 2),
        Progress("query", "RUNNING", 11.9),
        Progress("query", "RUNNING", 12),
        Progress("check", seconds=0.5, rows=1),
        Progress("check", seconds=1, rows=2),
    )
    assert printed.splitlines() == [
        "query: QUEUED, 1 s",
        "query: RUNNING, 2 s",
        "query: RUNNING, 12 s",
        "check: 1 rows, 2 rows/s",
    ]


def test_a_terminal_shows_a_bar_of_the_stage_and_its_whole():
    printed = shown(
        Terminal(),
        Progress("online", seconds=1, rows=1000, total=2000),
        Progress("online", seconds=2, rows=2000, total=2000),
    )
    (bar,) = screen(printed)
    assert bar.startswith("online: 100%")
    assert "2.00k/2.00k" in bar


def test_a_terminal_shows_a_running_query_in_words_and_each_stage_on_its_own_line():
    printed = shown(
        Terminal(),
        Progress("query", "RUNNING", 3, bytes=1_200_000),
        Progress("check", seconds=1, rows=10, total=10),
    )
    query, check = screen(printed)
    assert query == "query: RUNNING, 3 s, 1.2 MB"
    assert check.startswith("check: 100%")


@pytest.mark.parametrize("out", [StringIO, Terminal])
def test_quiet_shows_nothing(out):
    assert shown(out(), Progress("query", "RUNNING"), quiet=True) == ""
