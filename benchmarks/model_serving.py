"""InvokeEndpoint over HTTP by keys of four groups, beside servers of models with Feast in front.

No server of models looks features up, so each peer gets Feast's own read before its model: the same
XGBoost, the same widths, one worker. All read DynamoDB's stub.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import orjson

from benchmarks import environments, servers
from benchmarks.endpoint import NAME, serve, trained
from benchmarks.environments import ROOT
from benchmarks.feast import on_dynamodb
from benchmarks.function import HOME, Shape, environment, fill
from benchmarks.http_load import request
from benchmarks.parts import Setting
from benchmarks.peer import peer
from benchmarks.rows import Beside, Row, at_least
from benchmarks.serving import Served, Service, served
from benchmarks.stub import instant_dynamodb
from larder.settings.inference import InferenceSettings

_GROUPS = [Shape(10, copy=number) for number in range(1, 5)]
_RECORDS = 100
_SIZES = {"1": 1, "100": 100}
_GOAL = at_least(5)
_PEERS = {"litserve": "LitServe + Feast", "bentoml": "BentoML + Feast", "mlflow": "MLflow + Feast"}
_PATHS = {"litserve": "/predict", "bentoml": "/predict", "mlflow": "/invocations"}


def rows(setting: Setting) -> Iterator[Row]:
    """Requests per second, in turn with each peer that could be installed."""
    models = environments.models()
    if models is None:
        return
    artefact = trained(sum(each.features for each in _GROUPS))
    with (
        ExitStack() as running,
        instant_dynamodb() as store,
        servers.artefacts(artefact) as s3,
        tempfile.TemporaryDirectory() as folder,
    ):
        fill(store, _GROUPS, _RECORDS)
        serve(store, artefact, _GROUPS)
        file = Path(folder) / "model.ubj"
        file.write_bytes(artefact)
        services = {"": _ours(running, models, store, s3)}
        if not setting.without_feast:
            services |= _peers(running, store, file)
        for size in _SIZES:
            found = dict(zip(services, served(list(services.values()), size), strict=True))
            yield from _rows(f"HTTP InvokeEndpoint {size}, 4 groups, 16 connections", found)


def _ours(running: ExitStack, models: Path, store: str, s3: str) -> Service:
    settings = InferenceSettings(
        registry_table="registry",
        records_table="records",
        models_bucket="models",
        account_id=HOME.account_id,
        region=HOME.region,
        partition=HOME.partition,
    )
    env = {**environment(store), **settings.to_env(), "AWS_ENDPOINT_URL_S3": s3}
    server = running.enter_context(servers.larder(models, env, function="inference"))
    path = f"/endpoints/{NAME}/invocations"
    return Service(server, {size: _asked(path, "", count) for size, count in _SIZES.items()})


def _peers(running: ExitStack, store: str, model: Path) -> Mapping[str, Service]:
    """The peers' servers over one repository of Feast's, which one of them has made."""
    repository = ROOT / "feast_four"
    made, found = False, {}
    for name in _PEERS:
        folder = environments.model_peer(name)
        if folder is None:
            continue
        if not made:
            settings = orjson.dumps(on_dynamodb(store)).decode()
            python = folder / "bin/python"
            with peer(python, "feast_four", repository, settings, env=environment()):
                made = True
        server = running.enter_context(servers.model_peer(name, folder, repository, model))
        asked = {size: _asked(_PATHS[name], name, count) for size, count in _SIZES.items()}
        found[name] = Service(server, asked)
    return found


def _asked(path: str, peer_name: str, count: int) -> bytes:
    ids = [f"c{number}" for number in range(count)]
    each = [{"id": name} for name in ids]
    body: Mapping[str, object] = {"ids": ids}
    if peer_name in {"", "mlflow"}:
        body = {"dataframe_records" if peer_name else "instances": each}
    return request("POST", path, orjson.dumps(body))


def _rows(name: str, found: Mapping[str, Served]) -> Iterator[Row]:
    ours = found[""]
    for other, words in _PEERS.items():
        peer_rate = found[other].rate if other in found else None
        beside = Beside(words, peer_rate, _GOAL)
        yield Row(
            id=f"{name}, beside {words}", ours=ours.rate, unit="req/s", peer=beside, rate=True
        )
    for other, words in _PEERS.items():
        p99 = found[other].p99 if other in found else None
        yield Row(
            id=f"{name}, p99, beside {words}", ours=ours.p99, unit="ms", peer=Beside(words, p99)
        )
