"""Loaded models: within a budget, loaded once for each stay, and the right ones."""

import hashlib
import random
import threading
from collections import OrderedDict
from types import SimpleNamespace

import pytest

from larder.models.endpoint_cache import EndpointCache
from larder.models.errors import ModelError
from larder.models.residence import Residence
from larder.models.served import EndpointStatus, ModelArtefact, Runtime
from tests.support.models import endpoint, served_model


class World:
    """Artefacts of given sizes, and a runtime that counts its loads."""

    def __init__(self, sizes, budget):
        self.files = {}
        for number, size in enumerate(sizes):
            data = bytes([number % 256]) * size + number.to_bytes(4, "big")
            self.files[hashlib.sha256(data).hexdigest()] = data
        self.loads = []
        self.residence = Residence({Runtime.XGBOOST: self}, self, budget)

    def read(self, sha256):
        return self.files[sha256]

    def load(self, artefacts):
        [data] = artefacts
        self.loads.append(data)
        return SimpleNamespace(width=2, data=data)

    def models(self):
        return [
            served_model(artefacts=(ModelArtefact(sha256=sha, size=len(data)),))
            for sha, data in self.files.items()
        ]


def test_fifty_models_over_the_budget_and_a_thousand_random_calls():
    source = random.Random(3)
    world = World([source.randint(100, 900) for _ in range(50)], budget=5_000)
    expected_loads, oracle = 0, OrderedDict()
    models = world.models()
    for _ in range(1_000):
        served = source.choice(models)
        sha, size = served.artefacts[0].sha256, served.artefacts[0].size
        assert world.residence.model(served).data == world.files[sha]
        if sha in oracle:
            oracle.move_to_end(sha)
        else:
            expected_loads += 1
            while sum(oracle.values()) + size > 5_000:
                oracle.popitem(last=False)
            oracle[sha] = size
        assert world.residence.size == sum(oracle.values()) <= 5_000
        assert len(world.loads) == expected_loads


def test_a_model_above_the_budget_is_alone():
    world = World([50, 60, 900], budget=200)
    for served in world.models():
        world.residence.model(served)
    assert world.residence.size == 904


def test_threads_that_ask_at_once_share_one_load():
    world = World([100], budget=1_000)
    [served] = world.models()
    together = threading.Barrier(8)

    def ask():
        together.wait()
        world.residence.model(served)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(world.loads) == 1


def test_a_failed_load_leaves_nothing_and_is_tried_again():
    world = World([100], budget=1_000)
    [served] = world.models()
    wrong = served_model(artefacts=served.artefacts, width=9)
    for _ in range(2):
        with pytest.raises(ModelError, match="has 2 columns and was imported with 9"):
            world.residence.model(wrong)
    assert (world.residence.size, len(world.loads)) == (0, 2)
    assert world.residence.model(served).width == 2


class Endpoints:
    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0

    def get(self, name):
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


def test_an_endpoint_is_read_once_in_its_lifetime_and_a_missing_one_every_time():
    now = [0.0]
    source = Endpoints(None, endpoint(generation=1), endpoint(generation=2))
    cache = EndpointCache(source, 5.0, lambda: now[0])
    assert cache.get("e") is None
    assert cache.get("e").generation == 1
    now[0] = 4.99
    assert cache.get("e").generation == 1
    now[0] = 5.0
    assert cache.get("e").generation == 2
    assert source.asked == 3


@pytest.mark.parametrize("status", [each for each in EndpointStatus if not each.answers])
def test_an_endpoint_that_does_not_answer_is_read_every_time(status):
    source = Endpoints(endpoint(status=status), endpoint(generation=2))
    cache = EndpointCache(source, 5.0, lambda: 0.0)
    assert [cache.get("e").status for _ in range(3)] == [status, *["InService"] * 2]
    assert source.asked == 2


def test_an_older_generation_never_comes_back_unless_the_endpoint_is_a_new_one():
    newer, older = endpoint(generation=7), endpoint(generation=6)
    again = endpoint(generation=1, uid="another")
    cache = EndpointCache(Endpoints(newer, older, again, None), 0.0, lambda: 0.0)
    assert [cache.get("e") for _ in range(4)] == [newer, newer, again, None]
