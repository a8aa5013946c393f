"""What this platform agrees to: its buckets, its key, its Glue database, and where data go.

Paths on S3 are SageMaker's: ``{S3Uri}/{account}/sagemaker/{region}/offline-store/{name}-{epoch}``
(developer guide, "Use Amazon SageMaker Feature Store offline store").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from larder.bucket_folders import OWN
from larder.groups.feature_group import OfflineStore, TableFormat
from larder.groups.locations import group_location, leads_into_a_group
from larder.groups.names import Home
from larder.groups.spec import CatalogSpec, GroupSpec, OfflineSpec
from larder.problems import Path, Problem, shown

CATALOG = "AwsDataCatalog"
_MICROS = 1_000_000
_URI = re.compile(r"s3://([^/]+)/?(.*)", re.ASCII | re.DOTALL)
_SEGMENT = re.compile(r"[\w!*'()=@+.-]+", re.ASCII)
_LONGEST_PREFIX = 700
_GLUE_NAME = re.compile("[a-z_][a-z0-9_]*", re.ASCII)
_LONGEST_TABLE = 252
_LONGEST_DATABASE = 255


@dataclass(frozen=True, slots=True)
class Platform:
    """One deployment. ``buckets`` are those that may hold offline data, its own first.

    ``other_databases`` are those that a DataCatalogConfig may name beside ``glue_database``.
    """

    home: Home
    buckets: tuple[str, ...]
    glue_database: str
    kms_key_arn: str
    max_groups: int
    other_databases: tuple[str, ...] = ()

    @property
    def default_s3_uri(self) -> str:
        """Where the offline data of groups lie that do not say where."""
        return f"s3://{self.buckets[0]}/offline"

    def problems(self, spec: GroupSpec) -> Iterator[Problem]:
        """What this platform cannot agree to in a group that is consistent in itself."""
        if spec.online is not None:
            path: Path = ("OnlineStoreConfig", "SecurityConfig", "KmsKeyId")
            yield from self._key_problems(spec.online.kms_key_id, path)
        if spec.offline is not None:
            path = ("OfflineStoreConfig", "S3StorageConfig")
            yield from self._key_problems(spec.offline.kms_key_id, (*path, "KmsKeyId"))
            yield from self._uri_problems(spec.offline.s3_uri, (*path, "S3Uri"))
            if spec.offline.catalog is not None:
                owned = spec.offline.disable_glue_table_creation
                yield from self._catalog_problems(spec.offline.catalog, brought=owned)

    def offline_store(self, name: str, offline: OfflineSpec, *, creation_time: int) -> OfflineStore:
        """The offline store that a new group gets; ``creation_time`` in microseconds."""
        epoch = creation_time // _MICROS
        s3_uri = offline.s3_uri or self.default_s3_uri
        table = f"{name.replace('-', '_').lower()}_{epoch}"
        disabled = offline.disable_glue_table_creation
        nothing = CatalogSpec("", "", "")
        ours = nothing if disabled else CatalogSpec(CATALOG, self.glue_database, table)
        catalog = offline.catalog or ours
        is_sagemakers = s3_uri.partition("://")[2].partition("/")[0] == self._sagemaker_bucket
        by_default = TableFormat.GLUE if disabled or is_sagemakers else TableFormat.ICEBERG
        return OfflineStore(
            s3_uri=s3_uri,
            location=group_location(s3_uri, self.home, name, epoch),
            catalog=catalog.catalog,
            database=catalog.database,
            table=catalog.table,
            table_format=offline.table_format or by_default,
            kms_key_id=offline.kms_key_id,
            disable_glue_table_creation=disabled,
        )

    @property
    def _sagemaker_bucket(self) -> str:
        """The bucket of SageMaker's programs, where a group has SageMaker's default format."""
        return f"sagemaker-{self.home.region}-{self.home.account_id}"

    def _key_problems(self, key: str | None, path: Path) -> Iterator[Problem]:
        ours = {None, self.kms_key_arn, self.kms_key_arn.rpartition("/")[2]}
        if key not in ours:
            text = (
                f"Member must be left out or be the platform's key {self.kms_key_arn}, "
                "which encrypts every store"
            )
            yield Problem(path, text, shown(key))

    def _uri_problems(self, uri: str | None, path: Path) -> Iterator[Problem]:
        if uri is None:
            return
        match = _URI.fullmatch(uri)
        bucket, prefix = match.groups() if match else ("", "")
        if bucket not in self.buckets:
            text = f"Member must be s3://<bucket>/<prefix> in one of {', '.join(self.buckets)}"
            yield Problem(path, text, shown(uri))
            return
        segments = prefix.rstrip("/").split("/") if prefix.rstrip("/") else []
        bad = [s for s in segments if _SEGMENT.fullmatch(s) is None or s in {".", ".."}]
        if bad:
            text = (
                "Member must have a prefix of letters, digits and !_.*'()=@+- between single "
                f"slashes, which {shown(bad[0])} is not"
            )
            yield Problem(path, text, shown(uri))
        if len(prefix) > _LONGEST_PREFIX:
            text = f"Member must have a prefix of at most {_LONGEST_PREFIX} characters: S3 keys end"
            yield Problem(path, f"{text} at 1,024", shown(uri))
        if bucket == self.buckets[0] and segments[:1] and segments[0] in OWN:
            names = ", ".join(OWN)
            text = f"Member must not lie under one of [{names}], which the platform uses itself"
            yield Problem(path, text, shown(uri))
        if leads_into_a_group(prefix):
            text = (
                "Member must not lie in the folder of a feature group, which holds that group's "
                "files alone: give a prefix above it or beside it"
            )
            yield Problem(path, text, shown(uri))

    def _catalog_problems(self, spec: CatalogSpec, *, brought: bool) -> Iterator[Problem]:
        """A table that its owner brings may be in any database: the platform never touches it."""
        path = ("OfflineStoreConfig", "DataCatalogConfig")
        if spec.catalog != CATALOG:
            yield Problem((*path, "Catalog"), f"Member must be {CATALOG}", shown(spec.catalog))
        names = (
            ("Database", spec.database, _LONGEST_DATABASE),
            ("TableName", spec.table, _LONGEST_TABLE),
        )
        for member, name, longest in names:
            if len(name) > longest or _GLUE_NAME.fullmatch(name) is None:
                text = (
                    f"Member must be 1 to {longest} lower-case letters, digits and underscores, "
                    "and must not begin with a digit"
                )
                yield Problem((*path, member), text, shown(name))
        databases = (self.glue_database, *self.other_databases)
        if not brought and spec.database not in databases:
            known = ", ".join(databases)
            text = f"Member must be one of [{known}], the databases that the platform may write"
            yield Problem((*path, "Database"), text, shown(spec.database))
