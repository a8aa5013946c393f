"""From ``results.json`` to the table of ``docs/performance.md``, and to what falls short.

A part of the results is ``{"machine": {…}, "rows": […]}``, by the part's name; rows are those of
``Row.as_json``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import memory_sweep
from benchmarks.rows import rounded
from larder.cost.price_list import PriceList

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_BEGIN = "<!-- begin: {} (python -m benchmarks --page) -->"
_END = "<!-- end: {} -->"
_HEAD = (
    "| row | ours | peer | times better | goal | limit | times as much | goal | |",
    "|---|--:|--:|--:|--:|--:|--:|--:|---|",
)
Part = Mapping[str, Any]
Document = Mapping[str, Any]


def table(rows: Iterable[Document]) -> str:
    """The rows as a Markdown table."""
    return "\n".join([*_HEAD, *map(_line, rows)])


def shortfalls(rows: Iterable[Document]) -> Iterator[str]:
    """A line for each goal that a row misses, or that could not be measured."""
    for row in rows:
        for words in row["shortfalls"]:
            yield f"{row['id']}: {words}"
        for beside in _unmeasured(row):
            yield f"{row['id']}: not measured beside {beside['name']}, goal {beside['goal']}"


def page(text: str, parts: Mapping[str, Part]) -> str:
    """The page with the results in the places of those that it had.

    Raises:
        ValueError: the page has no such places.
    """
    rows = [row for part in parts.values() for row in part["rows"]]
    missed = "\n".join(f"- {line}" for line in shortfalls(rows)) or "Every goal is met."
    results = f"{_measured(parts)}\n\n{table(rows)}\n\nWhat falls short:\n\n{missed}"
    memory = "\n".join(memory_sweep.table(memory_sweep.cpu_of(rows), PriceList.read()))
    return _replaced(_replaced(text, "results", results), "memory", memory)


def _replaced(text: str, place: str, body: str) -> str:
    begin, end = _BEGIN.format(place), _END.format(place)
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the page lacks {begin} or {end}")
    return f"{before}{begin}\n\n{body}\n\n{end}{after}"


def _measured(parts: Mapping[str, Part]) -> str:
    """When and on what each part was measured; parts of one run share a line."""
    runs: dict[str, list[str]] = {}
    for name, part in parts.items():
        machine = part["machine"]
        words = f"{machine['measured']}, {machine['machine']}, {machine['versions']}"
        runs.setdefault(words, []).append(name)
    return "\n".join(f"- {', '.join(names)}: {words}" for words, names in runs.items())


def _line(row: Document) -> str:
    ours = f"{_shown(row['ours'], row['spread'])} {row['unit']}"
    if row["most"] is not None:
        ours += f" (at most {row['most']:g})"
    goals = [each["goal"] for each in (row["peer"], row["limit"]) if each and each["goal"]]
    missed = "**missed**" if row["shortfalls"] else "met"
    mark = missed if goals or row["most"] is not None else ""
    if list(_unmeasured(row)) and not row["shortfalls"]:
        mark = "not measured"
    cells = [row["id"], ours, *_cells(row["peer"]), *_cells(row["limit"]), mark]
    return f"| {' | '.join(cells)} |"


def _cells(beside: Document | None) -> list[str]:
    if beside is None:
        return ["", "", ""]
    goal = beside["goal"] or ""
    if beside["value"] is None:
        return [f"- ({beside['name']})", "", goal]
    figure = f"{_shown(beside['value'], beside['spread'])} ({beside['name']})"
    return [figure, _shown(beside["ratio"], beside["ratio_spread"]), goal]


def _unmeasured(row: Document) -> Iterator[Document]:
    for beside in (row["peer"], row["limit"]):
        if beside and beside["goal"] and beside["value"] is None:
            yield beside


def _shown(value: float, spread: float) -> str:
    return f"{rounded(value):g}" + (f" ± {spread:.2g}" if spread else "")
