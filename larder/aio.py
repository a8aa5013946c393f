"""A platform's records for asyncio.

    async with larder.aio.connect("dev") as platform:
        await platform.records.get("customers", "ada", ["clicks"])

``platform.sync`` is the platform with its other parts.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import larder
from larder.client.async_records import WORKERS, AsyncRecordsClient
from larder.client.platform import Platform

__all__ = ["AsyncPlatform", "AsyncRecordsClient", "connect"]


class AsyncPlatform:
    """The asynchronous parts of a platform; ``sync`` is the platform with all its parts."""

    def __init__(self, sync: Platform, *, workers: int = WORKERS) -> None:
        """Over a platform, which is closed with this one. ``workers`` calls run at once."""
        self.sync = sync
        self._workers = workers

    @cached_property
    def records(self) -> AsyncRecordsClient:
        """Records, read and written in the stores themselves."""
        return AsyncRecordsClient(self.sync.records, workers=self._workers)

    async def __aenter__(self) -> Self:
        """The platform itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Drop the calls that wait, let those that run end, and close the connections."""
        if "records" in vars(self):
            await self.records.close()
        self.sync.close()


@dataclass(slots=True)
class _Connecting:
    """What ``connect`` gives: to be awaited, or entered by ``async with``."""

    stage: str | None
    caller: str | None
    workers: int
    _opened: AsyncPlatform | None = None

    def __await__(self) -> Generator[Any, None, AsyncPlatform]:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncPlatform:
        self._opened = await self._open()
        return self._opened

    async def __aexit__(self, *_: object) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def _open(self) -> AsyncPlatform:
        sync = await to_thread(larder.connect, self.stage, caller=self.caller)
        await to_thread(lambda: sync.records)  # credentials are looked up off the event loop
        return AsyncPlatform(sync, workers=self.workers)


def connect(
    stage: str | None = None, *, caller: str | None = None, workers: int = WORKERS
) -> _Connecting:
    """As ``larder.connect``, awaited or entered; at most ``workers`` calls run at once."""
    return _Connecting(stage, caller, workers)
