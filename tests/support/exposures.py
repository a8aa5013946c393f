"""Exposures for tests."""

import base64
import gzip
import json
from dataclasses import asdict, replace

from lambdas.exposure_writer.events import create_handler
from larder.errors import ValidationError
from larder.models.exposed import ExposedInstance, ExposedVariant, Exposure
from larder.models.exposure import KIND
from larder.models.exposure_table import exposures_table
from larder.models.json_numbers import written
from larder.models.keep_exposures import ExposureKeeper
from larder.models.park_exposures import ParkedExposures
from larder.models.record_exposures import ExposureRecorder
from larder.models.served_json import model_to_json
from larder.offline.ports import Appended
from larder.offline.upkeep import UpkeepRules, Upkept
from larder.telemetry.log import Log
from tests.support.models import served_model

AT = 1_700_000_000_000_000
"""µs since the epoch: 2023-11-14T22:13:20Z."""


def exposed_variant(name="A", model=None, **changes):
    values = {
        "name": name,
        "config": "config",
        "weights": {"A": 70.0, "B": 30.0},
        "model_name": "m",
        "package_arn": "",
        "artefacts": ("0" * 64,),
        "spec_sha256": "f" * 64,
        "model": model,
    }
    return ExposedVariant(**values | changes)


def instance(place=0, variant=0, **changes):
    values = {
        "place": place,
        "variant": variant,
        "unit": "u1",
        "inputs": [1.0, 2.5],
        "vector_sha256": "a" * 64,
        "scores": [0.25],
        "statuses": {"clicks": "MISSING"},
        "event_times": {"customers/customer_id": "2023-11-14T22:00:00Z"},
    }
    return ExposedInstance(**values | changes)


def exposure(inference_id="i-1", variant="A", at=AT, endpoint="scoring", instances=None, **changes):
    """The exposure of a request with one instance, or with those that are given."""
    more = {
        name: changes.pop(name) for name in ("capture", "cut", "unit_source") if name in changes
    }
    values = {
        "inference_id": inference_id,
        "endpoint": endpoint,
        "generation": 3,
        "unit_source": "SessionId",
        "attributes": "",
        "answered_at": at,
        "variants": (exposed_variant(variant),),
        "instances": instances or (instance(**changes),),
    }
    return Exposure(**values | more)


def shadow_exposure(inference_id="i-1", at=AT, **changes):
    """An exposure with a shadow beside the variant that answered."""
    shadow = exposed_variant("Shadow", model=served_model(name="shadowed"), weights={})
    told = {"scores": None, "statuses": {}, "event_times": {}}
    waiting = instance(0, 1, **told | changes)
    if waiting.status != "OK" or waiting.inputs is None:
        waiting = replace(waiting, inputs=None)
    if waiting.status != "OK":
        waiting = replace(waiting, vector_sha256="")
    base = exposure(inference_id, at=at)
    return Exposure(
        **{name: getattr(base, name) for name in base.__dataclass_fields__}
        | {"variants": (*base.variants, shadow), "instances": (*base.instances, waiting)}
    )


def to_line(exposure):
    """The line that the inference function writes of such a request."""
    kept = list(enumerate(exposure.variants))
    answered = [each for each in exposure.instances if not exposure.is_shadow(each)]
    document = {
        "level": "INFO",
        "kind": KIND,
        "inference_id": exposure.inference_id,
        "endpoint": exposure.endpoint,
        "config": "config",
        "deployment_generation": exposure.generation,
        "time": exposure.answered_at / 1e6,
        "unit_source": exposure.unit_source,
        "forced": exposure.unit_source == "TargetVariant",
        "custom_attributes": exposure.attributes or None,
        "variants": {each.name: _described(each) for _, each in kept if each.model is None},
        "shadows": {each.name: _described(each) for _, each in kept if each.model} or None,
        "capture": asdict(exposure.capture) if exposure.capture else None,
        "instances": [_told(exposure, each) for each in answered],
    }
    document |= {f"{name.replace('inputs', 'vectors')}_cut": True for name in exposure.cut}
    return json.dumps({name: each for name, each in document.items() if each is not None})


def _described(variant):
    described = {
        "model": variant.model_name,
        "artefact_sha256": list(variant.artefacts),
        "spec_sha256": variant.spec_sha256,
        "config": variant.config,
        "weights": dict(variant.weights),
    }
    if variant.model:
        described["document"] = json.loads(model_to_json(variant.model))
    return described


def _told(exposure, instance):
    told = _vector(instance) | {"variant": exposure.variants[instance.variant].name}
    if instance.unit is not None:
        told["unit"] = instance.unit
    if instance.scores is not None:
        several = len(instance.scores) > 1
        told["score"] = written(instance.scores) if several else written(instance.scores)[0]
    told |= {"statuses": instance.statuses, "event_times": instance.event_times}
    told["shadows"] = {
        exposure.variants[each.variant].name: _vector(each)
        for each in exposure.instances
        if exposure.is_shadow(each) and each.place == instance.place
    }
    return told


def _vector(instance):
    if instance.status != "OK":
        return {"error": instance.status}
    if instance.inputs is None:
        return {"vector_sha256": instance.vector_sha256}
    inputs = written(instance.inputs)
    return {"vector_sha256": instance.vector_sha256, "inputs": inputs}


class MemoryTables:
    """Implements OfflineTables in memory; ``failing`` are errors of the next appends."""

    def __init__(self):
        self.rows, self.created, self.failing, self.commits = {}, 0, [], 0

    def create(self, group):
        self.created += 1

    def evolve(self, group, *, remaining):
        """Nothing to add."""

    def append(self, group, rows, *, remaining):
        if self.failing and (error := self.failing.pop(0)):
            raise error
        fresh = {row.key: row for row in rows if row.key not in self.rows}
        self.rows |= fresh
        self.commits += 1
        return Appended(len(fresh), len(rows) - len(fresh), self.commits)

    def dicts(self):
        """Rows by column, in the order of their ids."""
        names = [each.name for each in exposures_table("db", "lake").features]
        found = [dict(zip(names, row.values, strict=True)) for row in self.rows.values()]
        return sorted(found, key=lambda each: each["exposure_id"])


class KeptLines:
    """A quarantine in memory."""

    def __init__(self):
        self.lines = {}

    def put(self, line, reason):
        self.lines[line.text] = reason
        return f"exposures/quarantine/{len(self.lines)}"


class KeptFiles:
    """Capture files in memory; an address with ``refused`` in it is refused."""

    def __init__(self):
        self.files, self.puts = {}, 0

    def put(self, file):
        self.puts += 1
        if "refused" in file.address:
            raise ValidationError("not there")
        self.files[file.address] = file.body


class Parked:
    """Parked deliveries in memory."""

    def __init__(self):
        self.found = {}

    def put(self, delivery):
        key = str(hash(delivery))
        self.found[key] = delivery
        return key

    def listed(self):
        return list(self.found)

    def read(self, key):
        return self.found.get(key)

    def remove(self, key):
        del self.found[key]


class Scorer:
    """Scores a vector by its sum; ``error`` is raised instead."""

    def __init__(self):
        self.calls, self.error = [], None

    def score(self, model, vectors):
        self.calls.append((model.name, [list(each) for each in vectors]))
        if self.error:
            raise self.error
        return [[sum(each)] for each in vectors]


class Recording:
    """The exposure writer's handler over all that, with what it logged."""

    def __init__(self, tables=None, table=None):
        self.tables, self.quarantine = tables or MemoryTables(), KeptLines()
        self.captures, self.scorer, self.log_lines = KeptFiles(), Scorer(), []
        table = table or exposures_table("larder_dev", "lake")
        recorder = ExposureRecorder(table, self.tables, self.quarantine, self.captures, self.scorer)
        self.keeper = ExposureKeeper(table, self.tables, Maintained(), UpkeepRules())
        log = Log(write=self.log_lines.append)
        self.parked = Parked()
        self._handle = create_handler(recorder, ParkedExposures(self.parked), self.keeper, log)

    def deliver(self, *lines, remaining=300.0):
        """Deliver lines, or exposures as lines, as a log subscription does."""
        return self.call(delivery(*lines), remaining)

    def call(self, event, remaining=300.0):
        return self._handle(event, lambda: remaining)

    def logged(self, message):
        lines = [json.loads(each) for each in self.log_lines]
        return [each for each in lines if each.get("message") == message]

    def metric(self, name):
        return sum(json.loads(each).get(name, 0) for each in self.log_lines)


class Maintained:
    """Maintenance that has nothing to do."""

    def keep(self, group, rules, pinned, remaining):
        return Upkept(merged=1)


def delivery(*lines, kind="DATA_MESSAGE"):
    """The event of a log subscription."""
    texts = [each if isinstance(each, str) else to_line(each) for each in lines]
    document = {
        "messageType": kind,
        "owner": "123456789012",
        "logGroup": "inference",
        "logStream": "s",
        "subscriptionFilters": ["Exposures"],
        "logEvents": [
            {"id": f"{place:056d}", "timestamp": AT // 1000, "message": text}
            for place, text in enumerate(texts)
        ],
    }
    data = base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()
    return {"awslogs": {"data": data}}
