"""What a report asks of the table of exposures, as Athena SQL. Pure."""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text

from __future__ import annotations

from dataclasses import dataclass

from larder.as_of.text import literal, table_name
from larder.models.exposure_table import TABLE


@dataclass(frozen=True, slots=True)
class Window:
    """Which exposures count: of one endpoint, from ``since`` until before ``until``.

    Both are instants as ``answered_at`` has them, or empty.
    """

    database: str
    endpoint: str
    since: str = ""
    until: str = ""

    @property
    def _exposures(self) -> str:
        """Exposures of the window; a request without a unit is a unit of its own."""
        parts = [f"endpoint = {literal(self.endpoint)}"]
        if self.since:
            parts.append(f"answered_at >= {literal(self.since)}")
        if self.until:
            parts.append(f"answered_at < {literal(self.until)}")
        return (
            "SELECT *, CASE WHEN unit IS NULL THEN 'r:' || inference_id ELSE 'u:' || unit END "
            f"AS u FROM {table_name(self.database, TABLE)} WHERE {' AND '.join(parts)} "
            "AND forced = 0"
        )

    @property
    def _with(self) -> str:
        """The window's answered exposures, and of each unit the variant that it met first."""
        return (
            f"WITH exposed AS ({self._exposures} AND shadow = 0), met AS (SELECT u, "
            "min_by(variant, answered_at) AS variant, min_by(weights, answered_at) AS weights, "
            "count(DISTINCT variant) AS variants FROM exposed GROUP BY u), "
            "asked AS (SELECT DISTINCT u, inference_id FROM exposed) "
        )

    def units(self) -> str:
        """By first variant and its weights: units, and those that met another variant too."""
        return (
            f"{self._with}SELECT variant, weights, count(*) AS units, "
            "sum(CASE WHEN variants > 1 THEN 1 ELSE 0 END) AS moved FROM met "
            "GROUP BY variant, weights ORDER BY variant, weights"
        )

    def scores(self) -> str:
        """By variant: exposures, and the distribution of the first score."""
        score = "CASE WHEN is_nan(scores[1]) THEN NULL ELSE scores[1] END"
        points = ", ".join(f"approx_percentile(score, {each})" for each in (0.05, 0.5, 0.95))
        return (
            f"WITH scored AS (SELECT variant, shadow, {score} AS score FROM ({self._exposures})) "
            "SELECT variant, shadow, count(*), count(score), avg(score), stddev_samp(score), "
            f"min(score), max(score), {points} FROM scored GROUP BY variant, shadow "
            "ORDER BY shadow, variant"
        )

    def asked(self) -> str:
        """First variant, unit and inference id of each request of each unit."""
        return (
            f"{self._with}SELECT met.variant, asked.u, asked.inference_id FROM asked "
            "JOIN met ON met.u = asked.u"
        )

    def labelled(self, database: str, table: str) -> str:
        """By first variant: units with labels, mean and variance of the units' mean labels."""
        labels = table_name(database, table)
        return (
            f"{self._with.rstrip()}, of_unit AS (SELECT met.variant, asked.u, "
            "avg(CAST(labels.label AS DOUBLE)) AS label "
            f"FROM asked JOIN met ON met.u = asked.u JOIN {labels} AS labels "
            "ON labels.inference_id = asked.inference_id WHERE labels.label IS NOT NULL "
            "GROUP BY met.variant, asked.u) "
            "SELECT variant, count(*), avg(label), var_samp(label) FROM of_unit GROUP BY variant "
            "ORDER BY variant"
        )
