"""The inference function over stores in memory."""

import hashlib
import json
from dataclasses import replace

import orjson

from lambdas.inference.routes import create_handler
from larder.access.rules import AccessRules
from larder.models.adapters.xgboost_runtime import XgboostRuntime
from larder.models.api.invoke_operations import InvokeApi
from larder.models.api.runtime_errors import LogPlace
from larder.models.errors import ModelError
from larder.models.exposure import line_of
from larder.models.invoke import Invoker
from larder.models.residence import Residence
from larder.models.score import Scoring
from larder.models.served import ModelArtefact, Runtime
from larder.models.warm_up import WarmUp
from larder.records.read import RecordReader
from larder.records.write import PutRecord, RecordWriter
from larder.testing.records import MemoryRecordStore
from tests.support.events import http_event
from tests.support.groups import HOME, feature_group, group_settings
from tests.support.models import endpoint, fleet, served_model, variant

LOG = LogPlace("aws", "us-east-1", HOME.account_id, "/aws/lambda/inference")
NOW = 1_700_000_000_000_000_000
"""Nanoseconds since the epoch: 2023-11-14T22:13:20Z."""


class Artefacts:
    """Artefacts by SHA-256; ``reads`` tells what was asked for."""

    def __init__(self):
        self.by_sha, self.reads = {}, []

    def add(self, data):
        sha256 = hashlib.sha256(data).hexdigest()
        self.by_sha[sha256] = bytes(data)
        return ModelArtefact(sha256=sha256, size=len(data))

    def read(self, sha256):
        self.reads.append(sha256)
        if sha256 not in self.by_sha:
            raise ModelError(f"Artefact {sha256} is gone.", 500)
        return self.by_sha[sha256]


class Endpoints:
    """Endpoints by name."""

    def __init__(self):
        self.by_name = {}

    def get(self, name):
        return self.by_name.get(name)


class CountingReader(RecordReader):
    """Counts the batch reads."""

    batches = 0

    def batch_get(self, requests, *more):
        type(self).batches += 1
        return super().batch_get(requests, *more)


class Inference:
    """The handler, the stores behind it, and short ways to fill and to call it."""

    def __init__(self, *groups, runtimes=None, store=None, rules=None, seconds=0.2, **api):
        self.store = store or MemoryRecordStore()
        self.settings = group_settings(*(groups or (feature_group(),)))
        self.artefacts, self.endpoints = Artefacts(), Endpoints()
        self.exposures = []
        CountingReader.batches = 0
        self.reader = CountingReader(self.store, self.settings, clock=lambda: NOW)
        runtimes = runtimes or {Runtime.XGBOOST: XgboostRuntime()}
        self.models = Residence(runtimes, self.artefacts)
        self.invoker = Invoker(
            self.endpoints, self.reader, self.models, HOME.account_id, store_seconds=seconds
        )
        self.api = InvokeApi(self.invoker, rules or AccessRules(HOME), LOG, self.note, **api)
        self.handler = create_handler(self.api, WarmUp(self.models), Scoring(self.models))

    def note(self, answered):
        """Keep a request's exposure line, as JSON brings it back."""
        self.exposures.append(json.loads(orjson.dumps(line_of(answered))))

    def model(self, *artefacts, width, **changes):
        """A served model of these files."""
        added = tuple(map(self.artefacts.add, artefacts))
        return served_model(artefacts=added, width=width, **changes)

    def serve(self, *variants, name="scoring", shadows=(), **changes):
        """Make an endpoint of models or variants."""
        made = [each if hasattr(each, "weight") else variant(model=each) for each in variants]
        one = endpoint(fleet("config", *made, shadows=shadows), name=name, **changes)
        self.endpoints.by_name[name] = one
        return one

    def change(self, name="scoring", **changes):
        self.endpoints.by_name[name] = replace(self.endpoints.by_name[name], **changes)

    def put(self, identifier, event_time="2023-11-14T22:00:00Z", group="customers", **features):
        """Store a record; values are texts, or lists of texts."""
        values = {"customer_id": identifier, "event_time": event_time} | features
        writer = RecordWriter(self.store, self.settings, clock=lambda: NOW)
        writer.put(PutRecord(group, list(values.items())))

    def raw(self, body, *, name="scoring", headers=None, caller="root", path=None):
        """The handler's answer to a body."""
        path = path or f"/endpoints/{name}/invocations"
        event = http_event("POST", path, body=body, headers=headers or {}, caller=caller)
        return self.handler(event, None)

    def invoke(self, *instances, headers=None, caller="root", **parameters):
        """Status and members of the answer to instances."""
        body = {"instances": list(instances)}
        if parameters:
            body["parameters"] = parameters
        headers = {"content-type": "application/json"} | (headers or {})
        answer = self.raw(json.dumps(body), headers=headers, caller=caller)
        return answer["statusCode"], json.loads(answer["body"])

    def predictions(self, *instances, **more):
        status, members = self.invoke(*instances, **more)
        assert status == 200, members
        return members["predictions"]
