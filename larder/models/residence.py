"""Models in this process's memory: loaded once, kept while their artefacts fit into a budget.

A model is known by its artefacts' SHA-256 alone. So two endpoints of one model share it, and two
versions of a model share nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from larder.models.errors import ModelError
from larder.models.ports import ArtefactReader, LoadedModel, ModelRuntimes
from larder.models.served import ServedModel

_Key = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class Residence:
    """Loaded models, the least recently used leave first.

    ``budget`` is in bytes of artefacts. One model may be larger than that: it is then alone.
    """

    runtimes: ModelRuntimes
    artefacts: ArtefactReader
    budget: int = 512 * 2**20
    _models: OrderedDict[_Key, tuple[int, LoadedModel]] = field(default_factory=OrderedDict)
    _size: int = 0
    _entries: Lock = field(default_factory=Lock)
    _loading: Lock = field(default_factory=Lock)

    def model(self, served: ServedModel) -> LoadedModel:
        """The model, loaded if it is not here.

        Raises:
            ModelError: an artefact is gone or damaged, or the library refused it.
            ServiceUnavailable: the store of artefacts did not answer.
        """
        key = (str(served.runtime), tuple(each.sha256 for each in served.artefacts))
        found = self._taken(key)
        if found is not None:
            return found
        with self._loading:  # one load at a time: it is the processor that is short
            found = self._taken(key)
            return self._loaded(key, served) if found is None else found

    @property
    def size(self) -> int:
        """Bytes of the artefacts whose models are here."""
        return self._size

    def _taken(self, key: _Key) -> LoadedModel | None:
        with self._entries:
            entry = self._models.get(key)
            if entry is None:
                return None
            self._models.move_to_end(key)
            return entry[1]

    def _loaded(self, key: _Key, served: ServedModel) -> LoadedModel:
        files = [self.artefacts.read(each.sha256) for each in served.artefacts]
        size = sum(map(len, files))
        self._make_room(size)
        model = self.runtimes[served.runtime].load(files)
        if model.width != served.width:
            raise ModelError(
                f"Model {served.name} has {model.width} columns and was imported with "
                f"{served.width}: create it again.",
                500,
            )
        with self._entries:
            self._models[key] = (size, model)
            self._size += size
        return model

    def _make_room(self, size: int) -> None:
        """Let go before the load, so that the budget holds while it runs."""
        with self._entries:
            while self._models and self._size + size > self.budget:
                _, (freed, _) = self._models.popitem(last=False)
                self._size -= freed
