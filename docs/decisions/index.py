"""Write the index of decisions: ``python docs/decisions/index.py`` (``make docs``).

Each decision is a file ``NNNN-title.md``: a heading ``# NNNN. Title``, then the lines
``- Date: YYYY-MM-DD``, ``- Status: …`` and ``- Area: …``, then what it says.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
INDEX = HERE / "README.md"
_FILE = "[0-9][0-9][0-9][0-9]-*.md"
_HEAD = """\
# Decisions

One file each: context, decision, evidence and consequences. A decision that another one replaces
stays, with the status `superseded by NNNN`. `make docs` writes this page. `template.md` begins a
new one.
The founding design is cited as "design" with the number of its section (D1 to D18).
Where a decision contradicts that design, the decision counts.
"""


class Decision(NamedTuple):
    """What the index says of one decision."""

    number: str
    title: str
    date: str
    status: str
    area: str
    file: str


def decisions(folder: Path = HERE) -> list[Decision]:
    """All decisions of a folder by number.

    Raises:
        ValueError: a file has no heading with its own number, or lacks a line.
    """
    return [_read(path) for path in sorted(folder.glob(_FILE))]


def index(found: list[Decision]) -> str:
    """The page: one table an area, areas in the order of their first decision."""
    lines = [_HEAD]
    for area in dict.fromkeys(each.area for each in found):
        lines += [f"\n## {area[:1].upper()}{area[1:]}\n", "\n| | Decision | Date | Status |\n"]
        lines += ["|---|---|---|---|\n"]
        lines += [
            f"| {d.number} | [{d.title}]({d.file}) | {d.date} | {d.status} |\n"
            for d in found
            if d.area == area
        ]
    return "".join(lines)


def _read(path: Path) -> Decision:
    text = path.read_text(encoding="utf-8")
    number = path.name[:4]
    heading = re.match(rf"# {number}\. (.+)\n", text)
    if heading is None:
        raise ValueError(f"{path.name} must begin with '# {number}. <title>'.")
    date, status, area = (_line(path, text, name) for name in ("Date", "Status", "Area"))
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        raise ValueError(f"{path.name}: Date: {date!r} is not YYYY-MM-DD.")
    return Decision(number, heading[1], date, status, area, path.name)


def _line(path: Path, text: str, name: str) -> str:
    line = re.search(rf"^- {name}: (.+)$", text, flags=re.MULTILINE)
    if line is None:
        raise ValueError(f"{path.name} needs a line '- {name}: …'.")
    return line[1]


if __name__ == "__main__":
    INDEX.write_text(index(decisions()), encoding="utf-8")
