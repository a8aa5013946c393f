"""Scores so many rows of a transform job in a process of its own, and says what that took.

The rows are made as they are read, and the results are counted as they are written: what is
measured is the scoring alone.
"""

import json
import resource
import sys
import time
from contextlib import contextmanager

from larder.models.served import Contract
from larder.transforms.api.answering import ModelAnswers
from larder.transforms.score import Scorer
from larder.transforms.shards import Shard
from larder.transforms.work import Work
from tests.support import boosters
from tests.support.inference import Inference
from tests.support.transforms import csv

COLUMNS = 30
_PIECE = 50_000


class Made:
    """Inputs that repeat some rows, outputs that are counted, and notes that stay unread."""

    def __init__(self, rows):
        lines, _ = boosters.data(COLUMNS, 1_000)
        self.body, self.times, self.written = csv(lines), rows // 1_000, 0

    def read(self, _shard):
        for _ in range(self.times):
            for at in range(0, len(self.body), _PIECE):
                yield self.body[at : at + _PIECE]

    @contextmanager
    def write(self, _address):
        def write(piece):
            self.written += len(piece)

        yield write

    def is_over(self, *_):
        return False

    def done(self, *_):
        return None


def main(rows):
    inference, made = Inference(), Made(rows)
    model = inference.model(
        boosters.ubj(columns=COLUMNS), width=COLUMNS, contract=Contract.SAGEMAKER_XGBOOST
    )
    size = made.times * len(made.body)
    work = Work(source="s3://b/in", output="s3://b/out", content_type="text/csv", lines=True)
    shard = Shard(place=0, number=0, count=1, address="a", etag="e", start=0, end=size, output="o")
    scorer = Scorer(
        uid="u",
        work=work,
        answers=ModelAnswers.opened(inference.invoker, model, work),
        inputs=made,
        outputs=made,
        notes=made,
        watch=lambda: None,
    )
    began = time.monotonic()
    scorer.score(shard, lambda: 1.0)
    told = {
        "seconds": round(time.monotonic() - began, 1),
        "bytes": made.written,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
