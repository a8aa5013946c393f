"""The text of an ``MLmodel``, which is YAML, as plain values: a tag makes no object of it."""

from __future__ import annotations

import yaml

from larder.models.errors import ModelError


def parsed(text: bytes) -> object:
    """The document's value.

    Raises:
        ModelError: it is no YAML of one document.
    """
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"it is no YAML ({first[:200]})") from error
