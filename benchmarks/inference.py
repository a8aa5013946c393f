"""InvokeEndpoint: CPU time of the handler over a DynamoDB that answers at once, and cold import.

What an invocation must cost at least is the library's own call on an array that is ready, and the
store client's call for the records. All else is ours: reading the request, filling the columns,
writing the answer and the exposure line.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import orjson

from benchmarks import events
from benchmarks.endpoint import serve, trained
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
_LIMIT = "XGBoost on a ready array, and the store client"


def rows(_setting: Setting) -> Iterator[Row]:
    """Invocations by key alone, and the function's import."""
    with one_core(), instant_dynamodb() as url:
        os.environ.update(environment(url))
        fill(url, [_SHAPE], _RECORDS)
        artefact = trained(_SHAPE.features)
        handler, least = _handler(url, artefact), partial(_bare, XgboostRuntime().load([artefact]))
        client = DynamoWire.from_environment(HOME.region, HOME.partition, Retries())
        for name, (instances, count) in _ROWS.items():
            call = partial(handler, events.invoke_endpoint(instances), None)
            yield _row(name, call, least(client, instances), count)
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


class _Artefacts:
    """One artefact, whatever is asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, sha256: str) -> bytes:  # noqa: ARG002
        """Its bytes."""
        return self._data


def _handler(url: str, artefact: bytes) -> Callable[..., dict[str, object]]:
    """The function's handler as ``open_inference`` makes it, but for S3."""
    serve(url, artefact, [_SHAPE])
    plane = open_data_plane(settings())
    client = DynamoWire.from_environment(HOME.region, HOME.partition, Retries())
    models = Residence({Runtime.XGBOOST: XgboostRuntime()}, _Artefacts(artefact))
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
