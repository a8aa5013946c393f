"""Constant requests while an endpoint is created, updated and deleted: none lost, none wrong."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import DeployedPlatform
from tests.e2e.test_models import Models
from tests.support import boosters
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
ROWS, _ = boosters.data()
ROW = ROWS[:1]
SEEDS = (1, 2)
SCORES = {f"v{seed}": boosters.predict(boosters.booster(seed=seed), ROW)[0] for seed in SEEDS}
"""What each variant says of the row: its name tells the model, and the score tells it too."""


@dataclass
class Load:
    """Requests one after another on a few threads.

    ``answers`` are variants, or why none answered, each with how many answers there were when its
    request began.
    """

    models: Models
    endpoint: str
    answers: list[tuple[int, str]] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def once(self) -> str:
        """The variant that answered, or the code and words of the refusal."""
        body = ",".join(repr(float(value)) for value in ROW[0])
        try:
            answer = self.models.runtime.invoke_endpoint(
                EndpointName=self.endpoint, Body=body, ContentType="text/csv"
            )
        except ClientError as error:
            return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
        score, variant = float(answer["Body"].read()), answer["InvokedProductionVariant"]
        if SCORES.get(variant) != score:
            self.wrong.append((variant, score))
        return str(variant)

    def run(self) -> None:
        while not self.stop.is_set():
            began = len(self.answers)
            self.answers.append((began, self.once()))

    @property
    def seen(self) -> list[str]:
        """The answers in the order in which they came."""
        return [answer for _, answer in self.answers]

    def since(self, place: int) -> set[str]:
        """Everything that was seen from a place on."""
        return set(self.seen[place:])

    def begun_since(self, place: int) -> set[str]:
        """What answered the requests that began after so many answers."""
        return {answer for began, answer in self.answers if began >= place}


@pytest.fixture
def load(platform: DeployedPlatform) -> Iterator[Load]:
    models = Models(
        platform.client("sagemaker"),
        platform.client("sagemaker-runtime"),
        platform.client("s3"),
        platform.outputs["OfflineBucketName"],
    )
    load = Load(models, f"load-{uuid.uuid4().hex[:8]}")
    threads = [threading.Thread(target=load.run) for _ in range(3)]
    for each in threads:
        each.start()
    yield load
    load.stop.set()
    for each in threads:
        each.join()


def missing(text: str) -> bool:
    return text.startswith("ValidationError") and ("not found" in text or "InService" in text)


def live(load: Load, updates: int) -> None:
    """An endpoint's life under the load."""
    control, name = load.models.control, load.endpoint
    control.create_endpoint(
        EndpointName=name, EndpointConfigName=load.models.config_of_seed(load.endpoint, SEEDS[0])
    )
    control.get_waiter("endpoint_in_service").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    eventually(lambda: "v1" in load.seen)
    eventually(lambda: load.since(-20) == {"v1"})
    served = len(load.answers)
    for update in range(1, updates + 1):
        seed = SEEDS[update % 2]
        following = load.models.config_of_seed(load.endpoint, seed)
        control.update_endpoint(EndpointName=name, EndpointConfigName=following)
        eventually(lambda wanted=f"v{seed}": load.since(-20) == {wanted})
    assert load.begun_since(served) == set(SCORES), "none was lost while it was updated"
    control.delete_endpoint(EndpointName=name)
    eventually(lambda: all(map(missing, load.since(-20))))
    assert {each for each in load.seen if each not in SCORES and not missing(each)} == set()
    assert load.wrong == []
    print(f"{len(load.seen)} requests, of which {sum(each in SCORES for each in load.seen)} scored")


def test_no_request_is_lost_or_wrong_while_an_endpoint_comes_changes_and_goes(load: Load) -> None:
    live(load, updates=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_request_is_lost_or_wrong_in_a_hundred_updates(load: Load) -> None:
    live(load, updates=100)
