"""Exposures in DuckDB, asked in Athena's SQL by the local platform's own translation."""

import json

import duckdb
import sqlglot

AT = "2026-11-27T12:00:00.000Z"


class Exposures:
    """Implements ``larder.models.report_experiment.QueryRows``."""

    def __init__(self):
        self.duck = duckdb.connect()
        self.duck.execute("CREATE SCHEMA larder_dev")
        self.duck.execute(
            "CREATE TABLE larder_dev.exposures (inference_id VARCHAR, endpoint VARCHAR, "
            "unit VARCHAR, variant VARCHAR, weights VARCHAR, shadow BIGINT, forced BIGINT, "
            "answered_at VARCHAR, scores DOUBLE[])"
        )

    def add(self, key, unit, variant, weights, *, score=0.5, shadow=0, forced=0, at=AT):
        scores = None if score is None else [score]
        row = [key, "scoring", unit, variant, json.dumps(weights), shadow, forced, at, scores]
        self.duck.execute("INSERT INTO larder_dev.exposures VALUES (?,?,?,?,?,?,?,?,?)", row)

    def labels(self, labels):
        self.duck.execute("CREATE TABLE larder_dev.labels (inference_id VARCHAR, label VARCHAR)")
        rows = [[key, str(label)] for key, label in labels.items()]
        self.duck.executemany("INSERT INTO larder_dev.labels VALUES (?, ?)", rows)

    def rows(self, sql):
        [translated] = sqlglot.transpile(sql, read="athena", write="duckdb")
        found = self.duck.execute(translated).fetchall()
        return [[None if cell is None else str(cell) for cell in row] for row in found]
