"""Names of columns that Athena can tell apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from larder.errors import ValidationError

OWN_PREFIX = "larder_"


_NAME = re.compile(r"\w[\w .-]{0,127}")


def check_names(names: Sequence[str], *, what: str) -> None:
    """Refuse column names that Athena can't keep apart or that are not plain names.

    Raises:
        ValidationError: naming every such column.
    """
    problems = [f"{name[:80]!r} is no plain name" for name in names if not _plain(name)]
    folded = Counter(name.lower() for name in names)
    problems += [
        f"{name!r} occurs {folded[name.lower()]} times (Athena knows no upper case)"
        for name in dict.fromkeys(name.lower() for name in names)
        if folded[name] > 1
    ]
    problems += [
        f"{name!r} begins with {OWN_PREFIX}"
        for name in names
        if name.lower().startswith(OWN_PREFIX)
    ]
    if problems:
        raise ValidationError(
            f"{what}: {'; '.join(problems)}. Names have letters, digits, _, -, . and spaces, 128 "
            f"characters at most, each once, none beginning with {OWN_PREFIX}: rename them"
        )


def _plain(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and name.isprintable()
