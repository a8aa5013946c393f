"""Where the data of a group's offline store lie, and which folders no two groups share.

A group's folder is ``{S3Uri}/{account}/sagemaker/{region}/offline-store/{name}-{epoch}``, and
everything below it is the group's. An ``S3Uri`` that itself leads into such a folder is refused. So
the folders of groups are disjoint, of whatever life, platform or account. That takes no look at
other groups, hence two groups that are created at once can't miss each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from larder.bucket_folders import OWN
from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.groups.names import Home

_GROUP_FOLDER = re.compile(r"(?:.*/)?\d{12}/sagemaker/[^/]+/offline-store/[^/]+(?:/.*)?", re.ASCII)


def group_location(s3_uri: str, home: Home, name: str, epoch: int) -> str:
    """The folder of a group that was created at that Unix time."""
    path = f"{home.account_id}/sagemaker/{home.region}/offline-store/{name}-{epoch}"
    return f"{s3_uri.rstrip('/')}/{path}"


def data_uri(store: OfflineStore) -> str:
    """Where the data files of an offline store lie: SageMaker's ``ResolvedOutputS3Uri``."""
    return f"{store.location}/data"


def leads_into_a_group(prefix: str) -> bool:
    """Whether a prefix in a bucket is, or lies in, the folder of some group."""
    return _GROUP_FOLDER.fullmatch(prefix.strip("/")) is not None


def lies_in(address: str, folder: str) -> bool:
    """Whether an address is a folder or below it: ``a/b`` lies in ``a``, ``ab`` does not."""
    return f"{address.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")


def overlaps(groups: Iterable[FeatureGroup], bucket: str) -> Iterator[str]:
    """A sentence on each group whose folder lies in another's, or in one of the platform's own.

    Earlier releases allowed that. ``bucket`` is the platform's own.
    """
    stores = [(group.offline.location, group.name) for group in groups if group.offline]
    around: list[tuple[str, str]] = []
    for location, name in sorted(stores, key=lambda each: f"{each[0]}/"):
        while around and not lies_in(location, around[-1][0]):
            around.pop()
        if around:
            outer, other = around[-1]
            yield (
                f"The files of feature group {name} at {location} lie in the folder of feature "
                f"group {other} at {outer}: queries of {other} may read or trip over them. Create "
                f"{name} again with another S3Uri, load its history into it, and delete the old "
                "one."
            )
        for folder in OWN:
            if lies_in(location, f"s3://{bucket}/{folder}"):
                yield (
                    f"The files of feature group {name} at {location} lie under {folder}/, which "
                    "the platform uses itself: they may be expired with its own. Create the group "
                    "again with another S3Uri."
                )
        around.append((location, name))
