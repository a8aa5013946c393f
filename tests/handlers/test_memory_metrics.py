"""Metrics of the in-memory tier: sums of what happened, now and then, after an answer."""

import json

from lambdas.runtime.routes import counted
from tests.support.logs import collecting


class Memory:
    def __init__(self, *counts):
        self.counts = list(counts)

    def take_counts(self):
        return self.counts.pop(0)


def test_counts_become_metrics_at_most_once_in_ten_seconds():
    lines, now = [], [1000.0]
    memory = Memory({"MemoryHits": 3}, {}, {"MemoryMisses": 1})
    log = collecting(lines, clock=lambda: now[0])
    handler = counted(lambda event, _: event["answer"], memory, log=log)
    for moment in (1000.0, 1001.0, 1010.0, 1019.9, 1020.0):
        now[0] = moment
        assert handler({"answer": moment}, None) == moment
    told = [json.loads(line) for line in lines]
    assert [each.get("MemoryHits") for each in told] == [3, None]
    assert told[1]["MemoryMisses"] == 1
    assert told[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Function"]]
