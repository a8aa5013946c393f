"""What a check needs of the world beside stores that have ports of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Rows = Sequence[dict[str, Any]]


class RowQueries(Protocol):
    """An engine for statements in Athena's dialect whose rows are few."""

    def rows(self, query: str, name: str) -> Rows:
        """The rows of a query, by column names in lower case.

        ``name`` tells the query from others of the same check.

        Raises:
            QueryFailed: it ended without a result.
        """
