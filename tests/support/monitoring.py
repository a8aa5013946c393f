"""Rows for monitoring's tests: vectors in DuckDB, asked by the statements that Athena gets."""

import numpy as np
import pyarrow as pa

from larder.event_time import iso_millis
from larder.models.registry_items import Kind
from larder.models.served import (
    Contract,
    EndpointStatus,
    FeatureSpec,
    Fleet,
    ModelArtefact,
    ModelInput,
    Runtime,
    ServedEndpoint,
    ServedModel,
    SourceKind,
    Variant,
)
from larder.monitoring.adapters.duckdb_rows import ROWS, open_rows
from larder.monitoring.adapters.training_rows import VectorRows
from larder.monitoring.places import check_place
from larder.monitoring.statistics_sql import (
    Buckets,
    buckets_of,
    shapes_of,
    shapes_query,
    statistics_of,
    statistics_query,
    values_query,
)
from larder.monitoring.watches import Watches
from larder.testing.models import MemoryItems, MemoryLog
from local.athena.language.dialect import to_duckdb
from local.athena.language.macros import MACROS
from local.athena.language.parsing import query

RELATION = f"SELECT inputs, scores FROM {ROWS}"


def batch_of(vectors, scores=None):
    """Vectors, and 0.5 as the score of each unless scores are given."""
    vectors = np.asarray(vectors, dtype=float)
    scores = np.full(len(vectors), 0.5) if scores is None else np.asarray(scores, dtype=float)
    width = vectors.shape[1]
    offsets = np.arange(0, len(vectors) * width + 1, width, dtype=np.int32)
    inputs = pa.ListArray.from_arrays(offsets, pa.array(vectors.ravel()))
    ones = pa.ListArray.from_arrays(np.arange(len(scores) + 1, dtype=np.int32), pa.array(scores))
    return pa.record_batch({"inputs": inputs, "scores": ones})


def statistics(vectors, columns, scores=None, buckets=None):
    """The statistics of vectors, and the buckets: those given, or the rows' own."""
    queries = open_rows([batch_of(vectors, scores)])
    if buckets is None:
        [shaped] = queries.rows(shapes_query(RELATION, columns))
        shapes = shapes_of(columns, shaped)
        [values] = queries.rows(values_query(RELATION, columns, shapes))
        buckets = buckets_of(columns, shapes, values)
    [row] = queries.rows(statistics_query(RELATION, buckets))
    return statistics_of(buckets, row), buckets


def bounded(buckets, baseline):
    """The buckets with the baseline's range, as a run counts by them."""
    return tuple(
        Buckets(
            each.column,
            each.edges,
            each.codes,
            baseline.column(each.column.name).minimum,
            baseline.column(each.column.name).maximum,
        )
        for each in buckets
    )


class MemoryDocuments(dict):
    """Implements ``larder.monitoring.ports.Documents``."""

    def read(self, key):
        return self.get(key)

    def write(self, key, body):
        self[key] = body

    def remove(self, key):
        self.pop(key, None)

    def keys(self, folder=""):
        return iter(sorted(key for key in list(self) if key.startswith(folder)))

    def address(self, key):
        return f"s3://bucket/{key}"

    def given(self, address):
        check_place(address, ("s3://bucket/",))
        return self.get(address.removeprefix("s3://bucket/"))

    def put(self, address, body):
        check_place(address, ("s3://bucket/",))
        self[address.removeprefix("s3://bucket/")] = body


def memory_watches():
    """Schedules and job definitions in memory."""
    kinds = (Kind.MONITORING_SCHEDULE, Kind.QUALITY_DEFINITION)
    return Watches(*(MemoryItems(kind, MemoryLog()) for kind in kinds))


class MemoryTrainingSets:
    """Implements ``larder.monitoring.ports.TrainingSets`` over vectors by name."""

    def __init__(self, **sets):
        self.sets, self.read = sets, []

    def identity(self, name):
        return str(hash(self.sets[name].tobytes()))

    def rows(self, name, columns):
        self.read.append(name)
        assert self.sets[name].shape[1] == len(columns)
        return VectorRows(open_rows([batch_of(self.sets[name])]))


class Scorer:
    """Implements ``ShadowScorer``: the score is the first input's half, within 0 and 1."""

    def score(self, _model, vectors):
        return [[min(1.0, max(0.0, each[0] / 2))] for each in vectors]


class Exposed:
    """The table of exposures in DuckDB, asked in Athena's SQL; implements ``QueryRows``."""

    def __init__(self):
        self.database = open_rows([]).database
        for macro in MACROS:
            self.database.execute(f"CREATE OR REPLACE MACRO {macro}")
        self.database.execute("CREATE SCHEMA larder_dev")
        self.database.execute(
            "CREATE TABLE larder_dev.exposures (inference_id VARCHAR, endpoint VARCHAR, "
            "unit VARCHAR, variant VARCHAR, weights VARCHAR, shadow BIGINT, forced BIGINT, "
            "answered_at VARCHAR, artefact_sha256 VARCHAR, inputs DOUBLE[], scores DOUBLE[])"
        )
        self.asked = []

    def add(self, vectors, scores=None, *, at, variant="A", artefact="abc", weights='{"A":1.0}'):
        """Rows of an endpoint ``scoring``, one request each; ``at`` in microseconds."""
        self.database.register("some_rows", batch_of(vectors, scores))
        number = next(
            iter(self.database.execute("SELECT count(*) FROM larder_dev.exposures").fetchone())
        )
        self.database.execute(
            f"INSERT INTO larder_dev.exposures SELECT 'i' || ({number} + row_number() OVER ()), "
            f"'scoring', 'u' || ({number} + row_number() OVER ()), '{variant}', '{weights}', 0, 0, "
            f"'{iso_millis(at)}', '{artefact}', inputs, scores FROM some_rows"
        )

    def rows(self, sql):
        self.asked.append(sql)
        found = self.database.execute(to_duckdb(query(sql), sql)).fetchall()
        return [[None if cell is None else str(cell) for cell in row] for row in found]


def model(*names, sha="abc", package=""):
    """A model of these numbers."""
    inputs = tuple(
        ModelInput(name=each, source=SourceKind.REQUEST, type="Fractional") for each in names
    )
    return ServedModel(
        name="late",
        uid="u",
        runtime=Runtime.XGBOOST,
        contract=Contract.LARDER,
        artefacts=(ModelArtefact(sha256=sha, size=1),),
        width=len(names),
        features=FeatureSpec(inputs=inputs, output="late"),
        package_arn=package,
    )


def endpoint(*models, names=("A", "B")):
    """An endpoint with these models as its variants."""
    variants = tuple(
        Variant(name=name, weight=1.0, model=each)
        for name, each in zip(names, models, strict=False)
    )
    return ServedEndpoint(
        name="scoring",
        uid="e",
        status=EndpointStatus.IN_SERVICE,
        generation=1,
        salt="scoring",
        blue=Fleet(config="c", variants=variants),
    )
