"""A pipeline's lineage up to models, of what a platform stores, with this process's rights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_objects import Objects
from larder.errors import ResourceNotFound
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import FeatureGroup
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.adapters.dynamodb_readers import DynamoReaders
from larder.pipelines.lineage.graph import Consumer, Graph, NodeKind, graph_of
from larder.settings.base import Settings
from larder.training_sets.adapters.set_files import S3SetFiles
from larder.training_sets.manifest import Manifest
from larder.wiring.pipeline_definitions import read_declared


@dataclass(frozen=True, kw_only=True)
class LineageSettings(Settings):
    """The registry, the platform's bucket, and where definitions lie on S3."""

    registry_table: str
    offline_bucket: str
    pipelines_definitions: str = ""


def lineage_graph(settings: LineageSettings, name: str) -> Graph:
    """The graph of a declared pipeline's group.

    Raises:
        ResourceNotFound: no such pipeline is declared, or its group does not exist.
        LarderError: a store refused.
    """
    s3, dynamodb = boto3.client("s3"), BotoDynamo(boto3.client("dynamodb"))
    declared = read_declared(s3, settings.pipelines_definitions)
    group = DynamoRegistry(dynamodb, settings.registry_table).get(name)
    if name not in declared.by_name or group is None:
        known = ", ".join(sorted(declared.by_name)) or "none"
        raise ResourceNotFound(
            f"pipeline: {name[:80]!r} is not declared in this stage, or its group does not exist "
            f"(declared: {known})"
        )
    consumers = [
        *_training_sets(S3SetFiles(Objects(s3), settings.offline_bucket), group),
        *_packages(dynamodb, settings.registry_table, group),
        *_endpoints(DynamoReaders(dynamodb, settings.registry_table), group),
    ]
    names = [each.name for each in group.features]
    return graph_of(name, names, declared.columns.get(name, {}), consumers)


def _training_sets(files: S3SetFiles, group: FeatureGroup) -> Iterator[Consumer]:
    """The training sets whose manifests name the group."""
    for name in files.names():
        document = files.manifest(name)
        if document is None:
            continue  # it was removed meanwhile
        manifest = Manifest.from_json(document)
        if any(each.group == group.name for each in manifest.tables):
            sources = (each.source.partition(":") for each in manifest.columns)
            used = {feature for source, _, feature in sources if source == group.name}
            yield Consumer(NodeKind.TRAINING_SET, name, frozenset(used))


def _packages(dynamodb: BotoDynamo, table: str, group: FeatureGroup) -> Iterator[Consumer]:
    """The model packages whose feature specification reads the group."""
    for package in dynamo_model_registry(dynamodb, table).packages.list():
        spec = package.served.features if package.served else None
        inputs = spec.inputs if spec else ()
        used = frozenset(each.feature for each in inputs if each.group_uid == group.uid)
        if used:
            yield Consumer(NodeKind.MODEL_PACKAGE, package.name, used)


def _endpoints(readers: DynamoReaders, group: FeatureGroup) -> Iterator[Consumer]:
    """The endpoints whose models read the group, each once."""
    found: dict[str, list[frozenset[str] | None]] = defaultdict(list)
    for each in readers.of(group.uid):
        found[each.endpoint].append(each.features)
    for endpoint, features in sorted(found.items()):
        known = [each for each in features if each is not None]
        used = frozenset().union(*known) if len(known) == len(features) else None
        yield Consumer(NodeKind.ENDPOINT, endpoint, used)
