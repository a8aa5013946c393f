"""Rights on the offline tables of feature groups, in every place where a group may have one."""

from collections.abc import Sequence

from aws_cdk import Stack

from stacks.config import StageConfig
from stacks.constructs.glue_access import allow_tables
from stacks.constructs.python_function import PythonFunction
from stacks.offline_store import OfflineStoreStack


def allow_feature_tables(
    function: PythonFunction,
    config: StageConfig,
    offline: OfflineStoreStack,
    actions: Sequence[str],
    *,
    reads: bool = False,
) -> None:
    """Let ``function`` do ``actions`` on the Glue tables of all groups, and keep their files.

    With ``reads`` it may only read their files.

    That is the platform's own database and bucket, and all others that the stage lets a group name.
    """
    stack = Stack.of(function)
    for name in (config.database_name, *config.offline.other_databases):
        allow_tables(function, database=name, scope=stack, actions=actions)
    others = config.other_buckets(stack)
    if reads:
        offline.bucket.allow_data(function, *others, actions=["s3:GetObject"])
    else:
        offline.bucket.allow_data(function, *others)
