"""The records client for asyncio: each call runs on one of a bounded number of threads.

``docs/python.md`` has what a thread costs. A DynamoDB client on the event loop would save that, and
would be a second client to keep right.
"""

from __future__ import annotations

import os
from asyncio import get_running_loop, to_thread
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from larder.client.records import RecordsClient

P = ParamSpec("P")
T = TypeVar("T")
WORKERS = 32
"""As many as the data plane has connections to DynamoDB."""


def _coroutine(
    method: Callable[Concatenate[RecordsClient, P], T],
) -> Callable[Concatenate[AsyncRecordsClient, P], Coroutine[Any, Any, T]]:
    """A method of ``RecordsClient`` as a coroutine function."""

    @wraps(method)
    async def call(self: AsyncRecordsClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        work = partial(method, self.sync, *args, **kwargs)
        return await get_running_loop().run_in_executor(self.executor, work)

    return call


class AsyncRecordsClient:
    """``RecordsClient``'s methods as coroutines, which raise the same.

    At most ``workers`` calls run at once, the others wait their turn. A call that is cancelled
    while it waits is never made; one that runs is left to end, so that no connection breaks, and
    a write among them may take effect.
    """

    get = _coroutine(RecordsClient.get)
    get_many = _coroutine(RecordsClient.get_many)
    batch_get = _coroutine(RecordsClient.batch_get)
    put = _coroutine(RecordsClient.put)
    put_many = _coroutine(RecordsClient.put_many)
    update = _coroutine(RecordsClient.update)
    delete = _coroutine(RecordsClient.delete)

    def __init__(self, sync: RecordsClient, *, workers: int = WORKERS) -> None:
        """Over a ``RecordsClient``, which is closed with this one."""
        self.sync = sync
        self._workers = workers
        self._held = (os.getpid(), self._threads())

    @property
    def executor(self) -> ThreadPoolExecutor:
        """The threads of this process; a forked one has none of its parent's."""
        if self._held[0] != os.getpid():
            self._held = (os.getpid(), self._threads())
        return self._held[1]

    async def list(self, group: str, *, soft_deleted: bool = False) -> AsyncIterator[str]:
        """As ``RecordsClient.list``; a page is read when its first identifier is asked for."""
        pages = self.sync.pages(group, soft_deleted=soft_deleted)
        loop = get_running_loop()
        while (page := await loop.run_in_executor(self.executor, next, pages, None)) is not None:
            for identifier in page:
                yield identifier

    async def __aenter__(self) -> Self:
        """The store itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Drop the calls that wait, let those that run end, and close the connections."""
        await to_thread(self.executor.shutdown, cancel_futures=True)
        self.sync.close()

    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._workers, thread_name_prefix="larder")
