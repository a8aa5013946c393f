"""Runs of pipelines over files on this machine: the state machine's steps, DuckDB and a ledger."""

from contextlib import suppress

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from lambdas.pipelines.events import create_handler
from larder.pipelines.adapters.checked_parquet import CheckedParquet
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.checks.check import Checks
from larder.pipelines.checks.report import from_json
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.lineage.events import Place, RunEvents
from larder.pipelines.lineage.note import LineageNotes
from larder.pipelines.runs.documents import item_of
from larder.pipelines.runs.plan import Runs
from larder.pipelines.runs.ports import ChecksFailed
from larder.pipelines.runs.work import PipelineWork, run_folders
from larder.telemetry.log import Log
from larder.testing.pipeline_runs import MemoryLedger, MemoryReports
from tests.support.pipelines import SCHEMA, TABLE


def staged_in(folder):
    """The staged rows of a bucket that is a folder of this machine."""
    return CheckedParquet(StagedParquet(lambda _bucket: files_in(folder)))


def files_in(folder):
    return fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem())


class DuckEngine:
    """Implements the engine's port: a query's rows as Parquet, by DuckDB; no file for no rows."""

    def __init__(self, folder):
        self.folder, self.events = folder, []

    def unload(self, query, folder, token, remaining):
        with duckdb.connect() as database:
            database.execute("SET threads = 1; SET TimeZone = 'UTC'; CREATE SCHEMA raw")
            database.register("given", pa.Table.from_pylist(self.events, SCHEMA))
            database.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM given")
            rows = database.execute(translated(query, Dialect.DUCKDB)).to_arrow_table()
        if len(rows):
            path = self.folder / folder.removeprefix("s3://")
            path.mkdir(parents=True, exist_ok=True)
            pq.write_table(rows, path / "part")  # engines give no ending


class Machine:
    """The inner states of the state machine; ``published`` is what the publisher was given."""

    def __init__(self, folder, pipeline, clock):
        self.folder, self.clock, self.lines, self.published = folder, clock, [], []
        self.pipeline, self.engine = pipeline, DuckEngine(folder)
        self.runs, self.reports = Runs(MemoryLedger(), clock), MemoryReports()
        self.events = {}
        checks = Checks(self.runs.ledger, staged_in(folder), self.reports)
        declared = lambda: {self.pipeline.group: self.pipeline}  # noqa: E731
        self.work = PipelineWork(self.runs, declared, self.engine, checks, "lake")
        events = RunEvents(Place("123456789012", "us-east-1", "dev"), self.runs.clock)
        lineage = LineageNotes(events, lambda _name: (self.pipeline, {}), self, self.lost)
        self.handle = create_handler(self.work, Log(write=self.lines.append), None, lineage)

    def put(self, key, event):
        self.events[key] = event

    @staticmethod
    def lost(run_id, error):
        raise AssertionError(f"{run_id}: {error}")

    def step(self, name, **event):
        event = orjson.loads(orjson.dumps({"step": name, **event}))
        return self.handle(event, lambda: 60.0)

    def run(self, **asked):
        """What becomes of each chunk, one after the other."""
        given = {"pipeline": self.pipeline.group, **asked}
        return [self._chunk(each) for each in self.step("plan", input=given)["chunks"]]

    def _chunk(self, chunk):
        claim = self.step("claim", chunk=chunk, owner=f"execution {len(self.lines)}")
        if not claim["taken"]:
            return {"state": "taken"}
        run = claim["run"]
        try:
            if claim["accepts"]:
                checked = self.step("accept", run=run)
            else:
                self.step("compute", run=run)
                checked = self.step("check", run=run)
        except ChecksFailed as failed:
            cause = orjson.dumps({"errorMessage": str(failed)}).decode()
            error = {"Error": "ChecksFailed", "Cause": cause}
            return self.step("fail", chunk={**chunk, "claim": claim, "error": error})
        rows = self._publish(run)
        return self.step("record", run=run, rows=rows, keys=checked["keys"])

    def _publish(self, run):
        """As the publisher does: the files of the run whose rows are to be published."""
        folder = run_folders("lake", item_of(run)).rows
        found = self.files(folder)
        self.published += found
        return sum(pq.read_metadata(pa.BufferReader(each)).num_rows for each in found)

    def files(self, folder):
        path = self.folder / folder.removeprefix("s3://")
        return [each.read_bytes() for each in sorted(path.glob("*"))]

    def items(self):
        return list(self.runs.ledger.intervals(self.pipeline.group, 1, -(2**60)))

    def report(self, run_id):
        """The report of a run, or ``None``."""
        with suppress(KeyError):
            address = f"s3://lake/pipelines/{self.pipeline.group}/{run_id}/checks.json"
            return from_json(self.reports.documents[address])
        return None

    def told(self):
        """The lines of the log."""
        return [orjson.loads(each) for each in self.lines]
