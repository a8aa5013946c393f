"""What an endpoint reads of a feature group, by its models' frozen specifications."""

from __future__ import annotations

from collections.abc import Iterator

from larder.groups.readers import Reader
from larder.models.served import EndpointStatus, ServedEndpoint, ServedModel


def readers_of(endpoint: ServedEndpoint, uid: str) -> Iterator[Reader]:
    """The endpoint's models that read the group of that identity, shadows and green ones too.

    An endpoint that has failed serves no one: it can only be deleted.
    """
    if endpoint.status is EndpointStatus.FAILED:
        return
    models: dict[str, ServedModel] = {}
    for fleet in (endpoint.blue, endpoint.green):
        if fleet is not None:
            models |= {each.model.uid: each.model for each in (*fleet.variants, *fleet.shadows)}
    for model in models.values():
        inputs = model.features.inputs if model.features else ()
        names = frozenset(each.feature for each in inputs if each.group_uid == uid)
        if names:
            yield Reader(endpoint.name, model.name, names)
