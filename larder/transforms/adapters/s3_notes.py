"""What transform jobs remember, as objects of the platform's bucket in a folder of each job.

<uid>/plan.json        the plan, a list of tasks. Each is a list of shards.
<uid>/joins.json       the first shards of the objects that are joined.
<uid>/done/<piece>     an empty object.
<uid>/failed/<piece>   the reason.
<uid>/parts/<piece>    the output of a shard of several.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.aws.s3_objects import Objects, split
from larder.bucket_folders import TRANSFORM_JOBS
from larder.errors import ResourceInUse
from larder.transforms.shards import Plan, shard_of

_DONE: Final = "done"
_FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class S3Notes:
    """Implements ``larder.transforms.ports.Notes``."""

    objects: Objects
    bucket: str

    def part(self, uid: str, piece: str) -> str:
        return self._address(uid, f"parts/{piece}")

    def plan(self, uid: str) -> Plan | None:
        with _explained(uid):
            body = self.objects.read(self._plan_address(uid))
        if body is None:
            return None
        return Plan([[shard_of(each) for each in task] for task in orjson.loads(body)])

    def keep_plan(self, uid: str, plan: Plan) -> None:
        tasks = [[asdict(each) for each in task] for task in plan.tasks]
        with _explained(uid):
            try:
                self.objects.create(self._plan_address(uid), orjson.dumps(tasks))
            except ResourceInUse:
                return

    def manifests(self, uid: str, plan: Plan) -> tuple[str, str]:
        address = self._address(uid, "joins.json")
        with _explained(uid):
            joins = [asdict(each) for each in plan.joined]
            self.objects.write(address, orjson.dumps(joins))
        return self._plan_address(uid), address

    def done(self, uid: str, piece: str) -> None:
        with _explained(uid):
            self.objects.write(self._address(uid, f"{_DONE}/{piece}"), b"")

    def fail(self, uid: str, piece: str, reason: str) -> None:
        with _explained(uid):
            self.objects.write(self._address(uid, f"{_FAILED}/{piece}"), reason.encode())

    def is_over(self, uid: str, piece: str) -> bool:
        with _explained(uid):
            return any(
                self.objects.read(self._address(uid, f"{folder}/{piece}")) is not None
                for folder in (_DONE, _FAILED)
            )

    def finished(self, uid: str, under: str = "") -> set[str]:
        return set(self._pieces(uid, _DONE, under))

    def failed(self, uid: str) -> dict[str, str]:
        reasons = {}
        for piece in self._pieces(uid, _FAILED):
            with _explained(uid):
                body = self.objects.read(self._address(uid, f"{_FAILED}/{piece}"))
            reasons[piece] = (body or b"").decode()
        return reasons

    def _pieces(self, uid: str, folder: str, under: str = "") -> Iterator[str]:
        bucket, key = split(self._address(uid, f"{folder}/"))
        pages = self.objects.client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"{key}{under}"
        )
        with _explained(uid):
            for page in pages:
                yield from (each["Key"].removeprefix(key) for each in page.get("Contents", []))

    def _plan_address(self, uid: str) -> str:
        return self._address(uid, "plan.json")

    def _address(self, uid: str, name: str) -> str:
        return f"s3://{self.bucket}/{TRANSFORM_JOBS}{uid}/{name}"


@contextmanager
def _explained(uid: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise refusal(f"S3 did not serve the notes of job {uid}", error) from error
