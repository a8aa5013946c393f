"""InvokeEndpoint: CPU time of the handler over a DynamoDB that answers at once, and cold import.

What an invocation must cost at least is the library's own call on an array that is ready, and the
store client's call for the records. All else is ours: reading the request, filling the columns,
writing the answer and the exposure line.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import sys
import tempfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path

import orjson

from benchmarks import events
from benchmarks.endpoint import copies, serve, trained
from benchmarks.function import HOME, Shape, environment, fill, settings
from benchmarks.imports import LEAST, import_round
from benchmarks.measure import cpu_round, in_turn, one_core
from benchmarks.parts import Setting
from benchmarks.rows import Beside, Row, at_most
from benchmarks.stub import instant_dynamodb
from lambdas.inference.routes import create_handler
from larder.access.rules import AccessRules
from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.retries import Retries
from larder.models.adapters.dynamodb_endpoints import DynamoEndpoints
from larder.models.adapters.xgboost_runtime import XgboostRuntime
from larder.models.api.invoke_operations import InvokeApi
from larder.models.api.runtime_errors import LogPlace
from larder.models.endpoint_cache import MOST_SECONDS, EndpointCache
from larder.models.invoke import Invoker
from larder.models.ports import LoadedModel, Matrix
from larder.models.residence import Residence
from larder.models.score import Scoring
from larder.models.served import Runtime
from larder.models.warm_up import WarmUp
from larder.records.adapters.dynamodb_item import record_key
from larder.records.values import slot_of
from larder.settings.inference import InferenceSettings
from larder.telemetry.log import Log
from larder.wiring.data_plane import open_data_plane
from larder.wiring.inference import exposures, measures
from stacks.constructs.function_code import copy_compiled

_SHAPE = Shape(30)
_RECORDS = 100
_MOST = 2.0
_ROWS = {"InvokeEndpoint 1x30": (1, 100), "InvokeEndpoint 100x30": (100, 10)}
"""Instances, and the calls that make a round."""
_INSTANCES = (1, 10, 25, 50, 100)
_FEATURES = (10, 50, 100, 250, 500)
_MODELS = (1, 10, 50)
_LIMIT = "XGBoost on a ready array, and the store client"


def rows(_setting: Setting) -> Iterator[Row]:
    """Invocations by key alone, and the function's import."""
    with one_core(), instant_dynamodb() as url:
        os.environ.update(environment(url))
        fill(url, [_SHAPE], _RECORDS)
        artefact = trained(_SHAPE.features)
        serve(url, artefact, [_SHAPE])
        least = partial(_bare, XgboostRuntime().load([artefact]))
        handler = handler_of([artefact])
        client = DynamoWire.from_environment(HOME.region, HOME.partition, Retries())
        for name, (instances, count) in _ROWS.items():
            call = partial(handler, events.invoke_endpoint(instances), None)
            yield _row(name, call, least(client, instances), count)
        yield from growth_rows(url)
    yield _import_row()


def _row(
    name: str, call: Callable[[], dict[str, object]], least: Callable[[], object], count: int
) -> Row:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        _check(call())
        ours, bare = in_turn(cpu_round(call, count), cpu_round(least, count))
    return Row(id=name, ours=ours, unit="ms CPU", limit=Beside(_LIMIT, bare, at_most(_MOST)))


def _bare(model: LoadedModel, client: DynamoWire, records: int) -> Callable[[], object]:
    keys = [record_key(slot_of(_SHAPE.group, f"c{number}")) for number in range(records)]
    request = {"RequestItems": {"records": {"Keys": keys, "ConsistentRead": True}}}
    matrix = Matrix(array("f", [1.0]) * (records * _SHAPE.features), records, _SHAPE.features)

    def call() -> object:
        client.call("BatchGetItem", request)
        return model.predict(matrix)

    return call


def growth_rows(url: str) -> Iterator[Row]:
    """How an invocation grows: with instances, features, and the models of a process."""
    shapes = [Shape(each) for each in _FEATURES]
    fill(url, shapes, _RECORDS)
    artefacts = [trained(each.features) for each in shapes]
    for shape, artefact in zip(shapes, artefacts, strict=True):
        serve(url, artefact, [shape], shape.name)
    many = copies(artefacts[0], max(_MODELS))
    for number, artefact in enumerate(many):
        serve(url, artefact, [shapes[0]], f"model-{number}")
    handler = handler_of([*artefacts, *many])
    for instances in _INSTANCES:
        event = events.invoke_endpoint(instances, shapes[0].name)
        name = f"instances: {instances} x {shapes[0].features}"
        yield _growth_row(name, partial(handler, event, None), 2000 // (instances + 10))
    for shape in shapes:
        event = events.invoke_endpoint(1, shape.name)
        name = f"features: 1 x {shape.features}"
        yield _growth_row(name, partial(handler, event, None), 100)
    for models in _MODELS:
        named = [events.invoke_endpoint(1, f"model-{n}") for n in range(models)]
        name = f"models: {models}, 1 x {shapes[0].features} of each in turn"
        yield _growth_row(name, _in_turn(handler, named), 100)


def _in_turn(
    handler: Callable[..., dict[str, object]], named: Sequence[events.Event]
) -> Callable[[], dict[str, object]]:
    """A call of each event in turn."""
    following = cycle(named)
    return lambda: handler(next(following), None)


def _growth_row(name: str, call: Callable[[], dict[str, object]], count: int) -> Row:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        _check(call())
        (ours,) = in_turn(cpu_round(call, count))
    return Row(id=f"Growth, InvokeEndpoint, {name}", ours=ours, unit="ms CPU")


class _Artefacts:
    """Artefacts by their digests."""

    def __init__(self, known: Sequence[bytes]) -> None:
        self._known = {hashlib.sha256(each).hexdigest(): each for each in known}

    def read(self, sha256: str) -> bytes:
        """Its bytes."""
        return self._known[sha256]


def handler_of(artefacts: Sequence[bytes]) -> Callable[..., dict[str, object]]:
    """The function's handler as ``open_inference`` makes it, but for S3."""
    plane = open_data_plane(settings())
    client = DynamoWire.from_environment(HOME.region, HOME.partition, Retries())
    models = Residence({Runtime.XGBOOST: XgboostRuntime()}, _Artefacts(artefacts))
    invoker = Invoker(
        endpoints=EndpointCache(DynamoEndpoints(client, "registry"), MOST_SECONDS),
        reader=plane.reader,
        models=models,
        account_id=HOME.account_id,
    )
    log = Log.of("bench", "inference")
    place = LogPlace(HOME.partition, HOME.region, HOME.account_id, "/aws/lambda/inference")
    rules = AccessRules.read(HOME, (), 0)
    api = InvokeApi(invoker, rules, place, exposures(log), measures("dev", log))
    gc.collect()
    gc.freeze()  # as lambdas.inference.handler does
    return create_handler(api, WarmUp(models), Scoring(models), log=log)


def _check(answer: dict[str, object]) -> None:
    """Every instance was scored: a refusal would be fast."""
    body = orjson.loads(str(answer["body"]))
    assert all("score" in each for each in body["predictions"]), body  # noqa: S101


def _import_row() -> Row:
    site = str(Path(orjson.__file__).parents[1])
    variables = InferenceSettings(
        registry_table="registry",
        records_table="records",
        models_bucket="models",
        account_id=HOME.account_id,
        region=HOME.region,
        partition=HOME.partition,
    ).to_env()
    with tempfile.TemporaryDirectory() as folder:
        copy_compiled("inference", Path(folder))
        program = "import lambdas.inference.handler"
        start = import_round(sys.executable, program, [folder, site], variables)
        package = import_round(sys.executable, "import xgboost", [site])
        least = import_round(sys.executable, LEAST, [site])
        ours, peer, bare = in_turn(start, package, least)
    return Row(
        id="import of the inference function",
        ours=ours,
        unit="ms CPU",
        peer=Beside("import of XGBoost's own package", peer),
        limit=Beside("TLS and orjson, no certificates", bare),
    )
