"""Scoring: the records of a shard to its output, request by request, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from larder.errors import ServiceUnavailable
from larder.models.errors import ModelError
from larder.transforms.errors import BadInput
from larder.transforms.ports import Answers, Inputs, Notes, Outputs, Remaining
from larder.transforms.processing import filtered, finished
from larder.transforms.records import batches, gunzipped, lines, whole
from larder.transforms.shards import Shard
from larder.transforms.work import MEGABYTE, Work

_REQUEST: Final = 6 * MEGABYTE
"""Bytes of a request of several records at most, for the sake of memory: its answer is the same."""
_UNANSWERED: Final = 503
_SERVER: Final = 500
_TOO_LONG: Final = (
    "It takes longer than one function may run: cut the object, or leave it uncompressed so that "
    "it is cut for you."
)


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores shards of one job; ``watch`` raises ``Stopping`` where somebody stopped it."""

    uid: str
    work: Work
    answers: Answers
    inputs: Inputs
    outputs: Outputs
    notes: Notes
    watch: Callable[[], None]

    def score(self, shard: Shard, remaining: Remaining) -> None:
        """Write the output of a shard, or note why it has no output. What is over stays as it is.

        Raises:
            Stopping: the job is to end.
            ServiceUnavailable, ThrottlingException: a store did not answer; try again.
        """
        if self.notes.is_over(self.uid, shard.piece):
            return
        several = shard.count > 1
        address = self.notes.part(self.uid, shard.piece) if several else shard.output
        try:
            with self.outputs.write(address) as write:
                for result in self._results(shard):
                    self._check(remaining)
                    write(result)
        except BadInput as error:
            self.notes.fail(self.uid, shard.piece, f"{shard.address}: {error}")
        else:
            self.notes.done(self.uid, shard.piece)

    def _check(self, remaining: Remaining) -> None:
        self.watch()
        if remaining() <= 0:
            raise BadInput(_TOO_LONG)

    def _results(self, shard: Shard) -> Iterator[bytes]:
        chunks: Iterable[bytes] = self.inputs.read(shard)
        start, end = shard.start, shard.end
        if self.work.gzip:
            chunks, start, end = gunzipped(chunks), 0, 1 << 62
        if not self.work.lines:
            body = whole(chunks, self.work.payload)
            if body.strip():
                yield from self._of_batch([body])
            return
        records = lines(chunks, start, end, self.work.payload)
        most = min(self.work.payload, _REQUEST)
        for batch in batches(records, most, several=self.work.several):
            yield from self._of_batch(batch)

    def _of_batch(self, batch: list[bytes]) -> Iterator[bytes]:
        processing = self.work.processing
        if processing is None:
            yield self._assembled(self._answer(b"\n".join(batch)))
            return
        given = [filtered(each, processing) for each in batch]
        answer = self._answer(b"\n".join(given))
        for record, result in zip(batch, self._parted(answer, len(batch)), strict=True):
            yield self._assembled(finished(record, result, processing))

    def _parted(self, answer: bytes, count: int) -> list[bytes]:
        if count == 1:
            return [answer.rstrip(b"\n")]
        results = answer.rstrip(b"\n").split(b"\n")
        if len(results) != count:
            raise BadInput(f"The model gave {len(results)} results for {count} records.")
        return results

    def _assembled(self, result: bytes) -> bytes:
        if self.work.assembles and not result.endswith(b"\n"):
            return result + b"\n"
        return result

    def _answer(self, body: bytes) -> bytes:
        try:
            return self.answers.of(body)
        except ModelError as error:
            if error.status == _UNANSWERED:
                raise ServiceUnavailable(str(error)) from error
            side = "server" if error.status >= _SERVER else "client"
            raise BadInput(
                f"Received {side} error ({error.status}) from primary with message "
                f'"{str(error)[:600]}".'
            ) from error
