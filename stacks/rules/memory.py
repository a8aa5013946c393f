"""What templates of the in-memory tier must hold; ``rules`` checks it at every synth."""

import json
from collections.abc import Mapping
from typing import Any

from larder.memory.entry import LIFETIME_SECONDS

Resource = Mapping[str, Any]


def cache_is_closed(resource: Resource) -> bool:
    """A serverless cache has our key, users, a security group, two subnets, and a limit."""
    properties = resource["Properties"]
    limits = properties.get("CacheUsageLimits", {})
    return bool(
        properties.get("KmsKeyId")
        and properties.get("UserGroupId")
        and properties.get("SecurityGroupIds")
        and len(properties.get("SubnetIds", [])) > 1
        and "Maximum" in limits.get("DataStorage", {})
        and "Maximum" in limits.get("ECPUPerSecond", {})
    )


def user_is_narrow(resource: Resource) -> bool:
    """A user of a cache enters by IAM, may do what is named, and is not the open ``default``."""
    properties = resource["Properties"]
    rights = properties.get("AccessString", "").split()
    return bool(
        properties.get("UserName") != "default"
        and properties.get("AuthenticationMode") == {"Type": "iam"}
        and not properties.get("Passwords")
        and "-@all" in rights
        and not any(right.startswith("+@") for right in rights)
    )


def only_the_cache_needs_a_network(resource: Resource) -> bool:
    """A function is in the VPC exactly where it has the cache's address, in groups it names."""
    properties = resource["Properties"]
    variables = properties.get("Environment", {}).get("Variables", {})
    network = properties.get("VpcConfig")
    if not variables.get("LARDER_VALKEY_ADDRESS"):
        return network is None
    return bool(network and network.get("SecurityGroupIds") and network.get("SubnetIds"))


def repairs_a_copy(mapping: Resource) -> bool:
    """Whether an event source takes nothing but records of the tier, to put them into the cache.

    What it could not deliver heals by itself when the entry expires, so it may give up after that
    time; it may not before.
    """
    properties = mapping["Properties"]
    filters = properties.get("FilterCriteria", {}).get("Filters", [])
    return bool(
        filters
        and all(_asks_for_the_tier(json.loads(each["Pattern"])) for each in filters)
        and properties.get("MaximumRecordAgeInSeconds", -1) > LIFETIME_SECONDS
    )


def _asks_for_the_tier(pattern: Mapping[str, Any]) -> bool:
    return "m" in pattern.get("dynamodb", {}).get("NewImage", {})
