"""Where the data of a group's offline store lie."""

from __future__ import annotations

from larder.groups.feature_group import OfflineStore


def data_uri(store: OfflineStore) -> str:
    """Where the data files of an offline store lie: SageMaker's ``ResolvedOutputS3Uri``."""
    return f"{store.location}/data"
