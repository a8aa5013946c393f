"""A peer as a process that stays: it prepares once, and measures a round when it is asked.

So a round of the peer's can follow a round of ours, and both see the same neighbours.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

_ROOT = Path(__file__).parents[1]
_ENDS_WITHIN = 10.0
_TOLD = 2000
"""Characters of a peer's last words that an error repeats."""


class PeerFailed(Exception):
    """The peer's process ended; the message holds its last words."""


class Peer:
    """A running peer, which answers one question at a time."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Path) -> None:
        self._process = process
        self._errors = errors

    def ask(self, **arguments: object) -> Any:  # noqa: ANN401 - whatever the peer measures
        """What the peer's ``measure`` returns for these arguments.

        Raises:
            PeerFailed: the peer has failed.
        """
        stdin = self._process.stdin
        if stdin is not None:
            try:
                stdin.write(orjson.dumps(arguments) + b"\n")
                stdin.flush()
            except BrokenPipeError:
                pass  # its last words say why
        return self.answer()

    def answer(self) -> Any:  # noqa: ANN401 - as above
        """The next line of the peer's."""
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise PeerFailed(f"{self._process.args!r}: {self._errors.read_text()[-_TOLD:]}")
        return orjson.loads(line)


@contextmanager
def peer(
    python: str | Path, module: str, *arguments: object, env: Mapping[str, str] | None = None
) -> Iterator[Peer]:
    """``benchmarks.peers.<module>`` on an interpreter, prepared; it ends with the block.

    Raises:
        PeerFailed: it could not prepare.
    """
    command = [str(python), "-m", f"benchmarks.peers.{module}", *map(str, arguments)]
    pipe = subprocess.PIPE
    with (
        tempfile.NamedTemporaryFile(prefix="larder-peer-") as errors,
        subprocess.Popen(
            command, cwd=_ROOT, env=env, stdin=pipe, stdout=pipe, stderr=errors
        ) as process,
    ):
        found = Peer(process, Path(errors.name))
        try:
            found.answer()
            yield found
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it end by itself, so that it removes what it has made; not for long."""
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    try:
        process.wait(_ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
