"""Which files of a model's data are the model, and whether its library computes with them.

This runs in a process of its own (``larder.models.adapters.inspection_process``), for the libraries
parse what strangers wrote.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from larder.errors import ValidationError
from larder.models.archive import ModelFile
from larder.models.errors import ModelError
from larder.models.formats import HEAD, Format, format_of
from larder.models.images import Image
from larder.models.ports import LoadedModel, Matrix, ModelRuntimes
from larder.models.served import Runtime

FEATURES_FILE: Final = "larder/features.json"
_ENSEMBLE: Final = "SAGEMAKER_INFERENCE_ENSEMBLE"
_LARGEST: Final = 256 * 2**20
_WIDEST: Final = 100_000
_PROBES: Final = (0.0, math.nan, 1e30, -1e30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A model that its library has loaded and that scored rows.

    ``files`` are what is to be kept, in order. ``features`` is the text of the specification that
    came with the model. ``ignored`` are names of files that were left aside. ``texts`` are the
    columns that take texts.
    """

    runtime: Runtime
    width: int
    columns: tuple[str, ...]
    files: tuple[Path, ...]
    features: str | None = None
    ignored: tuple[str, ...] = ()
    texts: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Inspection:
    """Inspects models by ``runtimes``; ``to_ubj`` converts XGBoost's old binary form."""

    runtimes: ModelRuntimes
    to_ubj: Callable[[bytes], bytes]

    def __call__(
        self, files: Sequence[ModelFile], image: Image, environment: Mapping[str, str]
    ) -> Inspected:
        """The model in these files.

        Raises:
            ValidationError: there is no model in them that the image's library computes.
        """
        chosen = _chosen(files, environment)
        runtime = _runtime(chosen, image)
        kept = [self._kept(file, form) for file, form in chosen]
        artefacts = [path.read_bytes() for path in kept]
        try:
            model = self.runtimes[runtime].load(artefacts)
            _probe(model, runtime)
        except ModelError as error:
            names = ", ".join(repr(file.name[:100]) for file, _ in chosen)
            raise ValidationError(
                f"The model data can't be served: {error} The file: {names}."
            ) from error
        used = {file.name for file, _ in chosen}
        return Inspected(
            runtime=runtime,
            width=model.width,
            columns=tuple(model.columns),
            files=tuple(kept),
            features=_features(files),
            ignored=tuple(file.name for file in files if file.name not in {*used, FEATURES_FILE}),
            texts=model.texts,
        )

    def _kept(self, file: ModelFile, form: Format) -> Path:
        """The file in the form in which it is kept: of XGBoost never the old binary one."""
        size = file.path.stat().st_size
        if size > _LARGEST:
            raise ValidationError(
                f"The model file {file.name[:200]!r} has {size // 2**20} MB: at most "
                f"{_LARGEST // 2**20} MB are served. Train fewer or shallower trees."
            )
        if form is not Format.XGBOOST_BINARY:
            return file.path
        try:
            converted = self.to_ubj(file.path.read_bytes())
        except ModelError as error:
            raise ValidationError(
                f"The model file {file.name[:200]!r} has no form that Larder runs (XGBoost, "
                f"LightGBM text, ONNX), nor does XGBoost read it as its old binary form: {error}"
            ) from error
        path = file.path.with_name(f"{file.path.name}.ubj")
        path.write_bytes(converted)
        return path


def _chosen(
    files: Sequence[ModelFile], environment: Mapping[str, str]
) -> list[tuple[ModelFile, Format]]:
    """The model's files and their forms: the top-level ones that are not code."""
    candidates = [
        file for file in files if file.top_level and not file.name.endswith((".py", ".md"))
    ]
    if not candidates:
        raise ValidationError(
            "The model data have no file at the top level: put the model's file there, beside "
            "the folder larder/, and not into a folder of its own."
        )
    if environment.get(_ENSEMBLE, "true").strip().lower() == "false":
        candidates = candidates[:1]
    found = [(file, format_of(file.name, _head(file.path))) for file in candidates]
    kinds = {form.runtime for _, form in found}
    if len(kinds) > 1 or (len(found) > 1 and kinds != {Runtime.XGBOOST}):
        listed = ", ".join(f"{file.name[:60]!r} ({form})" for file, form in found)
        raise ValidationError(
            f"The model data have several files at the top level: {listed}. Only XGBoost boosters "
            f"make an ensemble: leave one file there, and put others into a folder."
        )
    return found


def _runtime(chosen: Sequence[tuple[ModelFile, Format]], image: Image) -> Runtime:
    file, form = chosen[0]
    if image.runtime is not None and form.runtime is not image.runtime:
        raise ValidationError(
            f"The model file {file.name[:200]!r} is {form}, and the image {image.repository} runs "
            f"{image.runtime}: name the image larder-{form.runtime}, or the right file."
        )
    return form.runtime


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _features(files: Sequence[ModelFile]) -> str | None:
    found = next((file for file in files if file.name == FEATURES_FILE), None)
    return found.path.read_text("utf-8", "replace") if found is not None else None


def _probe(model: LoadedModel, runtime: Runtime) -> None:
    """Score a row of each of some values: a file that only loads may still fail then."""
    if not 1 <= model.width <= _WIDEST:
        raise ModelError(f"The model has {model.width} columns, of 1 to {_WIDEST} that are served.")
    for value in _PROBES:
        if runtime is Runtime.ONNX and math.isnan(value):
            continue  # whether it takes NaN is for the specification to say
        texts = {place: [""] for place in model.texts}
        model.predict(Matrix(array("f", [value]) * model.width, 1, model.width, texts))
