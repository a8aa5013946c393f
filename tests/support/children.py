"""Processes of their own that a test may kill, without an import of a second or two for each.

A server that has imported the modules, and nothing more, forks them: no thread and no connection of
the test's own process is in them.
"""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

_MODULES = [
    "tests.faults.ingest_process",
    "tests.faults.publish_process",
    "tests.faults.writer_process",
]
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(_MODULES)


class Child:
    """``main(*arguments)`` in a process of its own, begun at once, with this one's environment.

    ``main`` is a function of a module; its arguments and its result are pickled.
    """

    def __init__(self, main: Callable[..., object], *arguments: object, log: Path) -> None:
        self._log = log
        log.touch()
        self._results, results = _context.Pipe(duplex=False)
        told = (dict(os.environ), log, results, main, arguments)
        self._process = _context.Process(target=_run, args=told)
        self._process.start()
        results.close()

    def end(self) -> tuple[int | None, object]:
        """Wait for it; its exit status, and what ``main`` returned or None. What it said is printed."""
        try:
            result = self._results.recv()
        except EOFError:  # it was killed, or failed
            result = None
        self._process.join()
        print(self._log.read_text())
        return self._process.exitcode, result


def _run(environment, log, results, main, arguments):
    os.environ.clear()
    os.environ.update(environment)
    with log.open("a") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    results.send(main(*arguments))
