"""What an image's name says of a model: the library that computes it, and whose forms it speaks.

Larder runs no container. The repository of a container image (what is between the last ``/``
and ``:`` or ``@``) names what runs instead; account, region and tag don't matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from larder.errors import ValidationError
from larder.models.served import Contract, Runtime


@dataclass(frozen=True, slots=True)
class Image:
    """What an image means; ``runtime`` is ``None`` where the artefact's content says it."""

    repository: str
    contract: Contract
    runtime: Runtime | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Image:
        """The image of its fields' JSON values."""
        runtime = values["runtime"]
        return cls(
            values["repository"],
            Contract(values["contract"]),
            Runtime(runtime) if runtime is not None else None,
        )


_IMAGES: Final = {
    each.repository: each
    for each in (
        Image("sagemaker-xgboost", Contract.SAGEMAKER_XGBOOST, Runtime.XGBOOST),
        Image("xgboost", Contract.SAGEMAKER_XGBOOST, Runtime.XGBOOST),
        Image("larder-xgboost", Contract.LARDER, Runtime.XGBOOST),
        Image("larder-onnx", Contract.LARDER, Runtime.ONNX),
        Image("larder-lightgbm", Contract.LARDER, Runtime.LIGHTGBM),
        Image("larder", Contract.LARDER),
        Image("mlflow-pyfunc", Contract.MLFLOW),
    )
}


def image_of(uri: str) -> Image:
    """What an image's address means.

    Raises:
        ValidationError: no library of Larder's computes what its repository names.
    """
    repository = repository_of(uri)
    image = _IMAGES.get(repository)
    if image is None:
        raise ValidationError(
            f"Image {uri[:255]!r}: nothing here runs the repository {repository!r}. Larder runs no "
            f"container and no Python of yours; it serves {', '.join(_IMAGES)}. Convert a "
            "scikit-learn model with skl2onnx and name the image larder-onnx."
        )
    return image


def repository_of(uri: str) -> str:
    """The repository in an image's address."""
    return uri.rpartition("/")[2].partition("@")[0].partition(":")[0]


_CODE: Final = ("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY")


def refuse_code(environment: Mapping[str, str]) -> None:
    """Nothing where a model brings no program of its own.

    Raises:
        ValidationError: its environment names one, as the SDK's XGBoostModel with an entry point
            does.
    """
    for name in _CODE:
        if name in environment:
            raise ValidationError(
                f"Environment {name}={environment[name][:100]!r}: Larder runs no Python of yours. "
                "Create the model without an entry point: sagemaker.model.Model with the same "
                "image and model data."
            )
