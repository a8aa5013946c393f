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
from larder.models.instances import MAX_INSTANCES
from larder.models.mlmodel import FILE, MAX_BYTES, MlModel, mlmodel_of
from larder.models.parity import MAX_BYTES as PARITY_BYTES
from larder.models.parity import PARITY_FILE, Parity, proven
from larder.models.ports import LoadedModel, Matrix, ModelRuntimes, Predictions
from larder.models.served import Contract, Runtime

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
    columns that take texts. ``parity`` is what a parity file proved, where there is one.
    """

    runtime: Runtime
    width: int
    columns: tuple[str, ...]
    files: tuple[Path, ...]
    features: str | None = None
    ignored: tuple[str, ...] = ()
    texts: frozenset[int] = frozenset()
    parity: Parity | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """Inspects models by ``runtimes``.

    ``to_ubj`` converts XGBoost's old binary form, and ``yaml`` gives a YAML document's value.
    ``check`` looks at the structure of what was loaded, before a row is scored. All three raise
    ``ModelError``.
    """

    runtimes: ModelRuntimes
    to_ubj: Callable[[bytes], bytes]
    yaml: Callable[[bytes], object]
    check: Callable[[LoadedModel, Sequence[bytes]], None]

    def __call__(
        self, files: Sequence[ModelFile], image: Image, environment: Mapping[str, str]
    ) -> Inspected:
        """The model in these files.

        Raises:
            ValidationError: there is no model in them that the image's library computes.
        """
        logged = self._logged(files) if image.contract is Contract.MLFLOW else None
        chosen = _chosen(files, environment) if logged is None else [_with_form(logged.file)]
        runtime = _runtime(chosen, image, logged)
        kept = [self._kept(file, form) for file, form in chosen]
        try:
            model = self._tried(runtime, kept)
            parity = _parity(files, model)
        except ModelError as error:
            raise _not_served(error, chosen) from error
        used = {FEATURES_FILE, PARITY_FILE, *(file.name for file, _ in chosen)}
        return Inspected(
            runtime=runtime,
            width=model.width,
            columns=_columns(model, logged),
            files=tuple(kept),
            features=_features(files),
            ignored=tuple(file.name for file in files if file.name not in used),
            texts=model.texts,
            parity=parity,
        )

    def _tried(self, runtime: Runtime, paths: Sequence[Path]) -> LoadedModel:
        """The model, loaded, looked at and asked; raises ``ModelError``."""
        artefacts = [path.read_bytes() for path in paths]
        model = self.runtimes[runtime].load(artefacts)
        self.check(model, artefacts)
        _probe(model, runtime)
        return model

    def _logged(self, files: Sequence[ModelFile]) -> MlModel:
        """What MLflow's own file says of the others.

        Raises:
            ValidationError: it is missing, or it names nothing that is served.
        """
        found = next((file for file in files if file.name == FILE), None)
        if found is None:
            raise ValidationError(
                f"The model data have no {FILE} at the top level: pack the folder of the logged "
                f"model by tar -C FOLDER, or name the image larder for a model's file alone."
            )
        if found.path.stat().st_size > MAX_BYTES:
            raise ValidationError(f"{FILE} is larger than {MAX_BYTES // 2**20} MB: log it again.")
        try:
            value = self.yaml(found.path.read_bytes())
        except ModelError as error:
            raise ValidationError(f"{FILE} can't be read, for {error}: log it again.") from error
        return mlmodel_of(value, files)

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
    found = [_with_form(file) for file in candidates]
    kinds = {form.runtime for _, form in found}
    if len(kinds) > 1 or (len(found) > 1 and kinds != {Runtime.XGBOOST}):
        listed = ", ".join(f"{file.name[:60]!r} ({form})" for file, form in found)
        raise ValidationError(
            f"The model data have several files at the top level: {listed}. Only XGBoost boosters "
            f"make an ensemble: leave one file there, and put others into a folder."
        )
    return found


def _columns(model: LoadedModel, logged: MlModel | None) -> tuple[str, ...]:
    """The columns' names, of the file itself or else of MLflow's signature."""
    own = tuple(model.columns)
    signed = logged.columns if logged is not None else ()
    return signed if not own and len(signed) == model.width else own


def _runtime(
    chosen: Sequence[tuple[ModelFile, Format]], image: Image, logged: MlModel | None
) -> Runtime:
    file, form = chosen[0]
    if logged is not None and form.runtime is not logged.runtime:
        raise ValidationError(
            f"{FILE} says that {file.name[:200]!r} is of the flavor {logged.flavor}, and it is "
            f"{form}: log the model again."
        )
    if image.runtime is not None and form.runtime is not image.runtime:
        raise ValidationError(
            f"The model file {file.name[:200]!r} is {form}, and the image {image.repository} runs "
            f"{image.runtime}: name the image larder-{form.runtime}, or the right file."
        )
    return form.runtime


def _with_form(model: ModelFile) -> tuple[ModelFile, Format]:
    with model.path.open("rb") as file:
        return model, format_of(model.name, file.read(HEAD))


def _features(files: Sequence[ModelFile]) -> str | None:
    found = next((file for file in files if file.name == FEATURES_FILE), None)
    return found.path.read_text("utf-8", "replace") if found is not None else None


def _not_served(error: ModelError, chosen: Sequence[tuple[ModelFile, Format]]) -> ValidationError:
    names = ", ".join(repr(file.name[:100]) for file, _ in chosen)
    return ValidationError(f"The model data can't be served: {error} The file: {names}.")


def _parity(files: Sequence[ModelFile], model: LoadedModel) -> Parity | None:
    found = next((file for file in files if file.name == PARITY_FILE), None)
    if found is None:
        return None
    with found.path.open("rb") as file:
        return proven(file.read(PARITY_BYTES + 1), model)


def _probe(model: LoadedModel, runtime: Runtime) -> None:
    """Score a row of each of some values, and many at once: a file that loads may fail then."""
    if not 1 <= model.width <= _WIDEST:
        raise ModelError(f"The model has {model.width} columns, of 1 to {_WIDEST} that are served.")
    for value in _PROBES:
        if runtime is Runtime.ONNX and math.isnan(value):
            continue  # whether it takes NaN is for the specification to say
        _scored(model, value, 1)
    one, many = (_scored(model, 0.0, rows) for rows in (1, MAX_INSTANCES))
    if (many.rows, many.outputs) != (MAX_INSTANCES, one.outputs):
        raise ModelError(
            f"The model gives {many.outputs} scores a row of {MAX_INSTANCES} rows at once, and "
            f"{one.outputs} of one row: it has to take any number of rows."
        )


def _scored(model: LoadedModel, value: float, rows: int) -> Predictions:
    texts = {place: [""] * rows for place in model.texts}
    values = array("f", [value]) * (model.width * rows)
    return model.predict(Matrix(values, rows, model.width, texts))
