"""Training sets: made, listed, shown, made again.

A set is made of three things that stay: its labels, as they were given, the snapshots of the tables
that were read, and the query. Making it again runs the same text over the same labels and
snapshots, so the same content must come out; where it does not, the report says what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from larder.as_of.athena import Labels, unload
from larder.as_of.join import Join
from larder.errors import ResourceInUse, ResourceNotFound, ValidationError
from larder.offline.feature_table import TableVersion
from larder.offline.queries import Queries, TableVersions
from larder.progress import Report, silent
from larder.training_sets.label_columns import WantedLabels
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import (
    GroupTables,
    JoinEngine,
    JoinTask,
    SetFiles,
    SqlLabels,
    StoredLabels,
)
from larder.training_sets.record import Made, manifest_of, require_complete, source_table
from larder.training_sets.spec import (
    PlannedJoin,
    TrainingSetSpec,
    check_apart,
    check_set_name,
    plan,
)

_NO_LABELS = "there are no labels: the training set would have no row. Check the file or query"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSets:
    """The training sets of one platform.

    ``database`` is where label tables are while a query runs. ``queries`` run SQL labels;
    ``engines`` gives engines by name, ``engine`` is that of new sets. ``clock`` gives seconds since
    the epoch, ``new_id`` 16 hexadecimal digits that were never given before.
    """

    database: str
    groups: GroupTables
    versions: TableVersions
    queries: Queries
    engines: Callable[[str], JoinEngine]
    engine: str
    files: SetFiles
    clock: Callable[[], float]
    new_id: Callable[[], str]

    def create(self, spec: TrainingSetSpec, labels: object, report: Report = silent) -> Manifest:
        """Make a training set of labels: a frame, the address of a file, or ``SqlLabels``.

        Either the whole set is there afterwards, manifest last, or nothing of it.

        Raises:
            ValidationError: name, labels, groups or features can't be used, and why.
            ResourceInUse: there is a set of that name.
            QueryFailed: the engine could not run the query.
        """
        if self.files.manifest(check_set_name(spec.name)) is not None:
            raise ResourceInUse(
                f"training set {spec.name} exists; sets never change: choose another name"
            )
        tables = {each.group: self.groups.get(each.group) for each in spec.groups}
        joins = plan(spec, tables)
        run = self.new_id()
        root = self.files.location(spec.name, run)
        try:
            stored = self._store(spec, labels, joins, root, report)
            manifest = self._make(spec, stored, joins, run, report)
            self.files.put_manifest(spec.name, manifest.to_json())
        except BaseException:
            self.files.remove(root)
            raise
        return manifest

    def get(self, name: str) -> Manifest:
        """The manifest of a training set.

        Raises:
            ResourceNotFound: there is no such set.
        """
        document = self.files.manifest(check_set_name(name))
        if document is None:
            known = ", ".join(self.files.names()[:20]) or "none"
            raise ResourceNotFound(f"there is no training set {name}; there are: {known}")
        return Manifest.from_json(document)

    def list(self) -> list[Manifest]:
        """The manifests of all training sets, by name."""
        return [self.get(name) for name in sorted(self.files.names())]

    def _store(
        self,
        spec: TrainingSetSpec,
        labels: object,
        joins: Sequence[PlannedJoin],
        root: str,
        report: Report,
    ) -> StoredLabels:
        given = f"{root}given/"
        if isinstance(labels, SqlLabels):
            self.queries.run(unload(labels.sql.strip().rstrip(";"), given), report)
        stored = self.files.write_labels(
            given if isinstance(labels, SqlLabels) else labels,
            WantedLabels(
                event_time=spec.event_time,
                keys=tuple(join.key for join in joins),
                time_zone=spec.time_zone,
                partition_by=spec.partition_by,
                reading=spec.reading,
            ),
            f"{root}labels/",
            report,
        )
        if isinstance(labels, SqlLabels):
            self.files.remove(given)
        if not stored.rows:
            raise ValidationError(_NO_LABELS)
        check_apart([column.name for column in stored.columns], joins)
        return stored

    def _make(
        self,
        spec: TrainingSetSpec,
        stored: StoredLabels,
        joins: Sequence[PlannedJoin],
        run: str,
        report: Report,
    ) -> Manifest:
        engine, versions = self.engines(self.engine), self._versions(joins)
        columns = tuple((column.stored, column.name) for column in stored.columns)
        label_table = f"tmp_labels_{run}"
        task = JoinTask(
            training_set=spec.name,
            query=engine.query(
                Labels(self.database, label_table, columns, spec.partition_by),
                [_join(stored, *each) for each in zip(joins, versions, strict=True)],
            ),
            label_table=label_table,
            labels=stored,
            tables=tuple(map(source_table, joins, versions)),
            location=self.files.location(spec.name, run, "data"),
            partition_by=spec.partition_by,
        )
        done = engine.run(task, report)
        partitions = stored.types_of(spec.partition_by)
        contents = self.files.contents(task.location, stored.rows, partitions, report)
        require_complete(contents, stored.rows)
        made = Made(spec, joins, self.engine, task, done, contents)
        return manifest_of(made, created=self.clock())

    def _versions(self, joins: Sequence[PlannedJoin]) -> Sequence[TableVersion]:
        """The newest state of each join's table; a table joined twice is read in one state."""
        found: dict[tuple[str, str], TableVersion] = {}
        for table in (join.table for join in joins):
            if (table.database, table.table) not in found:
                found[table.database, table.table] = self.versions.current(table)
        return [found[join.table.database, join.table.table] for join in joins]


def _join(stored: StoredLabels, planned: PlannedJoin, version: TableVersion) -> Join:
    return Join(
        number=planned.key.number,
        table=planned.table,
        version=version,
        features=planned.features,
        cut=planned.cut,
        first=stored.first,
        last=stored.last,
    )
