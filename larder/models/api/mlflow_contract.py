"""MLflow's forms of a request: data frames split or by records, ``inputs`` and ``instances``.

Source: MLflow, "Deploy MLflow Model as a Local Inference Server". With a feature specification,
columns go by their names. Without one they go by the names that the model's file or its signature
has, as MLflow's; where it names none of those sent, they count in the order given. ``params`` have
no effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from larder.models.api import instances_contract
from larder.models.api.instances_contract import Batch
from larder.models.api.media import JSON, Media
from larder.models.errors import ModelError
from larder.models.instances import MAX_INSTANCES, Instance

_FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")


def read(
    body: bytes,
    media: Media,
    *,
    by_name: bool,
    columns: Sequence[str] = (),
    most: int = MAX_INSTANCES,
) -> Batch:
    """The instances of a body, ``most`` of them.

    ``by_name`` says that the model has a feature specification; ``columns`` are its own names.

    Raises:
        ModelError: of status 400 or 415, where the body is of no form that MLflow has.
    """
    if media.name != JSON:
        return instances_contract.read(body, media, most)
    value = instances_contract.parsed(body)
    forms = [form for form in _FORMS if isinstance(value, dict) and form in value]
    if len(forms) != 1:
        raise ModelError(f"Send a JSON object with exactly one of {', '.join(_FORMS)}.")
    given = value[forms[0]]
    rows = _split(given) if forms[0] == "dataframe_split" else _rows(given, forms[0])
    instances_contract.check_count(len(rows), most)
    made = [instances_contract.instance(each, place) for place, each in enumerate(rows)]
    return Batch(made if by_name else [_in_order(each, columns) for each in made])


def _split(given: object) -> Sequence[object]:
    if not isinstance(given, dict):
        raise ModelError("Member dataframe_split must be an object of columns and data.")
    columns, data = given.get("columns"), given.get("data")
    if not isinstance(data, list) or not isinstance(columns, list | None):
        raise ModelError("Member dataframe_split must have lists: columns and data.")
    if columns is None:
        return data
    for place, row in enumerate(data):
        if not isinstance(row, list) or len(row) != len(columns):
            raise ModelError(
                f"Row {place} of dataframe_split must be a list of {len(columns)} values, one for "
                f"each column."
            )
    return [dict(zip(map(str, columns), row, strict=True)) for row in data]


def _rows(given: object, form: str) -> Sequence[object]:
    if isinstance(given, dict):
        columns = list(given.values())
        if not columns or not all(isinstance(each, list) for each in columns):
            raise ModelError(f"Member {form} must be a list of rows, or an object of columns.")
        if len({len(each) for each in columns}) > 1:
            raise ModelError(f"The columns of {form} differ in their lengths.")
        return [dict(zip(given, row, strict=True)) for row in zip(*columns, strict=True)]
    if not isinstance(given, list):
        raise ModelError(f"Member {form} must be a list of rows.")
    return given


def _in_order(given: Instance, columns: Sequence[str]) -> Instance:
    """A row as a vector; raises ``ModelError`` where it has some of the model's names alone."""
    fields: Mapping[str, object] | None = given.fields
    if fields is None:
        return given
    if fields.keys().isdisjoint(columns):
        return Instance(vector=list(fields.values()))
    if fields.keys() != set(columns):
        lacking = ", ".join(repr(each) for each in columns if each not in fields) or "none"
        unknown = ", ".join(repr(each) for each in fields if each not in set(columns)) or "none"
        raise ModelError(
            f"The columns must be the model's: {lacking[:300]} lack, {unknown[:300]} are unknown."
        )
    return Instance(vector=[fields[each] for each in columns])
