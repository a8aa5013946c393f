"""Which columns of a model are watched: its inputs in the model's order, and its first score."""

from __future__ import annotations

from dataclasses import dataclass

from larder.groups.feature_group import FeatureType
from larder.models.served import Missing, ModelInput, ServedModel


@dataclass(frozen=True, slots=True)
class Column:
    """One watched column.

    Attributes:
        name: the input's name; a column of a vector has its place behind it, such as ``face[3]``.
        place: its place among the model's columns from 1; 0 for the score.
        categories: of a text, by the number that the model is given; empty for a number.
        integral: whether its feature has whole numbers alone.
        default: what the model is given where there is no value; ``None`` for NaN.
    """

    name: str
    place: int
    categories: tuple[str, ...] = ()
    integral: bool = False
    default: float | None = None

    @property
    def is_category(self) -> bool:
        """Whether the number means a text."""
        return bool(self.categories)


def watched_columns(model: ServedModel) -> tuple[Column, ...]:
    """The inputs of a model that exposures keep, then its score.

    Exposures keep no vector that has texts. So of a model that takes texts the score alone is
    watched.
    """
    spec = model.features
    score = Column("score" if spec is None else spec.output, 0)
    if spec is None:
        names = model.columns or tuple(f"column_{place}" for place in range(model.width))
        return (*(Column(name, place) for place, name in enumerate(names, 1)), score)
    if any(each.is_text for each in spec.inputs):
        return (score,)
    found: list[Column] = []
    for each in spec.inputs:
        for element in range(each.size):
            name = each.name if each.size == 1 else f"{each.name}[{element}]"
            whole = each.type == FeatureType.INTEGRAL
            column = Column(name, len(found) + 1, each.categories, whole, _default(each))
            found.append(column)
    return (*found, score)


def _default(given: ModelInput) -> float | None:
    """What a vector has in place of a missing value."""
    if given.missing is not Missing.DEFAULT:
        return None
    if isinstance(given.default, str):
        return float(given.categories.index(given.default))
    return float(given.default or 0.0)
