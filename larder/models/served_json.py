"""The served document as JSON: what the control plane writes and an invocation reads.

``version`` is ``major.minor``, and ``major`` the number of the format (decision 0192). A reader
ignores members that it does not know, so a minor version may add some. What is read of a newer
minor version is not written again, for it would lose them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

import orjson

from larder.access.grants import Grants
from larder.errors import ConfigurationError, NewerFormat
from larder.formats import Format
from larder.models.served import (
    Contract,
    EndpointStatus,
    FeatureSpec,
    Fleet,
    Missing,
    ModelArtefact,
    ModelInput,
    Runtime,
    ServedEndpoint,
    ServedModel,
    SourceKind,
    Variant,
)

MINOR = 0
FORMAT = Format("served-document")
MAJOR = FORMAT.newest
_Json = Mapping[str, Any]
Name = TypeVar("Name", bound=Enum)


def to_json(endpoint: ServedEndpoint) -> str:
    """The document of an endpoint."""
    return _written({"version": f"{MAJOR}.{MINOR}", "endpoint": endpoint})


def from_json(text: str | bytes) -> ServedEndpoint:
    """The endpoint of a document.

    Raises:
        NewerFormat: a newer release wrote it, in a form that this one can't read.
        ConfigurationError: it is no such document.
    """
    document = _document(text, "an endpoint")
    try:
        return _endpoint(document["endpoint"])
    except NewerFormat:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable("an endpoint", error) from error


def model_to_json(model: ServedModel) -> str:
    """The document of one model, as the warm-up carries it."""
    return _written({"version": f"{MAJOR}.{MINOR}", "model": model})


def model_from_json(text: str | bytes) -> ServedModel:
    """The model of a document; raises as ``from_json`` does."""
    document = _document(text, "a model")
    try:
        return _model(document["model"])
    except NewerFormat:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable("a model", error) from error


def check_rewritable(text: str | bytes) -> None:
    """Refuse to replace a document that has members which this release would lose.

    Raises:
        NewerFormat: it is of a newer minor version.
    """
    document = _document(text, "a model or an endpoint")
    minor = int(str(document["version"]).partition(".")[2] or 0)
    if minor > MINOR:
        raise NewerFormat(
            f"The document of a model or an endpoint is of version {document['version']}, this "
            f"release writes up to {MAJOR}.{MINOR} and would lose what is new. A newer release of "
            "Larder wrote it: upgrade this function or program."
        )


def canonical(spec: FeatureSpec) -> bytes:
    """The canonical JSON of a resolved specification, of which ``sha256`` is the digest.

    Members are sorted, ``sha256`` itself is left out.
    """
    document = orjson.loads(orjson.dumps(spec))
    del document["sha256"]
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def _written(document: Mapping[str, object]) -> str:
    return orjson.dumps(document, default=_plain).decode()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _document(text: str | bytes, what: str) -> _Json:
    try:
        document = orjson.loads(text)
        major = int(str(document["version"]).split(".")[0])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(what, error) from error
    FORMAT.check(f"The document of {what}", major)
    return document  # type: ignore[no-any-return]


def _unreadable(what: str, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"The document of {what} can't be read ({type(error).__name__}: {error}); it is written "
        f"by CreateEndpoint and UpdateEndpoint: run one of them again."
    )


def _named(kind: type[Name], given: object) -> Name:
    """A name of a list that newer releases may add to; raises ``NewerFormat``."""
    return FORMAT.value("The document of a model or an endpoint", kind, given)


def _endpoint(given: _Json) -> ServedEndpoint:
    green = given.get("green")
    grants = given.get("grants") or {}
    return ServedEndpoint(
        name=given["name"],
        uid=given["uid"],
        status=_named(EndpointStatus, given["status"]),
        generation=given["generation"],
        salt=given["salt"],
        blue=_fleet(given["blue"]),
        green=_fleet(green) if green else None,
        green_share=given.get("green_share", 0.0),
        grants=Grants(*(tuple(grants.get(right, ())) for right in ("read", "write", "admin"))),
        capture=given.get("capture") or {},
    )


def _fleet(given: _Json) -> Fleet:
    return Fleet(
        config=given["config"],
        variants=tuple(map(_variant, given["variants"])),
        shadows=tuple(map(_variant, given.get("shadows", ()))),
    )


def _variant(given: _Json) -> Variant:
    return Variant(name=given["name"], weight=given["weight"], model=_model(given["model"]))


def _model(given: _Json) -> ServedModel:
    features = given.get("features")
    return ServedModel(
        name=given["name"],
        uid=given["uid"],
        runtime=_named(Runtime, given["runtime"]),
        contract=_named(Contract, given["contract"]),
        artefacts=tuple(
            ModelArtefact(sha256=each["sha256"], size=each["size"]) for each in given["artefacts"]
        ),
        width=given["width"],
        columns=tuple(given.get("columns", ())),
        environment=given.get("environment") or {},
        features=_spec(features) if features else None,
        package_arn=given.get("package_arn", ""),
    )


def _spec(given: _Json) -> FeatureSpec:
    return FeatureSpec(
        inputs=tuple(map(_input, given["inputs"])),
        unit=given.get("unit", ""),
        output=given.get("output", "score"),
        nan_safe=given.get("nan_safe", False),
        sha256=given.get("sha256", ""),
    )


def _input(given: _Json) -> ModelInput:
    return ModelInput(
        name=given["name"],
        source=_named(SourceKind, given["source"]),
        type=given["type"],
        group=given.get("group", ""),
        group_uid=given.get("group_uid", ""),
        feature=given.get("feature", ""),
        key=given.get("key", ""),
        size=given.get("size", 1),
        missing=_named(Missing, given.get("missing", Missing.FAIL)),
        default=given.get("default"),
        max_age_seconds=given.get("max_age_seconds"),
        categories=tuple(given.get("categories", ())),
    )
