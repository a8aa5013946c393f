"""Athena as an engine: a query is waited for, found again by its token, and its failure is told."""

import pytest

from larder.backoff import Backoff
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.queries import QueryFailed
from larder.pipelines.adapters.athena_unload import AthenaUnload
from larder.pipelines.runs.ports import StillRunning


class Athena:
    """Gives each token one query, which goes through these states."""

    def __init__(self, *states):
        self.states, self.started, self.stopped = list(states), {}, []

    def start_query_execution(self, **asked):
        assert 32 <= len(asked["ClientRequestToken"]) <= 128
        self.started.setdefault(asked["ClientRequestToken"], asked)
        return {"QueryExecutionId": f"q{list(self.started).index(asked['ClientRequestToken'])}"}

    def get_query_execution(self, QueryExecutionId):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        status = {"State": state, "StateChangeReason": "no such table"}
        return {"QueryExecution": {"QueryExecutionId": QueryExecutionId, "Status": status}}

    def stop_query_execution(self, QueryExecutionId):
        self.stopped.append(QueryExecutionId)


def unload(athena, token="run-1", seconds=60.0):
    backoff = Backoff(first=0.0001, longest=0.0001)
    engine = AthenaUnload(AthenaQueries(athena, "work", "raw", backoff))
    engine.unload("SELECT 1", "s3://lake/rows/", token, lambda: seconds)


def test_a_query_is_waited_for():
    athena = Athena("QUEUED", "RUNNING", "SUCCEEDED")
    unload(athena)
    ((_, asked),) = athena.started.items()
    assert asked["QueryString"].startswith("UNLOAD (\nSELECT 1\n) TO 's3://lake/rows/'")
    assert (asked["WorkGroup"], asked["QueryExecutionContext"]) == ("work", {"Database": "raw"})


def test_one_that_outlasts_the_time_goes_on_and_is_found_again_by_its_token():
    athena = Athena("RUNNING")
    with pytest.raises(StillRunning, match="q0 is RUNNING"):
        unload(athena, seconds=0.0)
    assert athena.stopped == []
    athena.states = ["SUCCEEDED"]
    unload(athena)
    assert len(athena.started) == 1
    unload(athena, "run-2")
    assert len(athena.started) == 2


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_one_without_a_result_says_why(state):
    with pytest.raises(QueryFailed, match=f"Athena query q0 {state}: no such table"):
        unload(Athena("RUNNING", state))
