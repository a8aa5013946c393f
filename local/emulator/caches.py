"""CloudFormation's ``AWS::ElastiCache::ServerlessCache``, which ministack has as an API only.

Every cache is the platform's Valkey (``REDIS_HOST`` and ``REDIS_PORT``): one node of a cluster
that has all slots, without TLS and without users. On AWS the name is the only property of these
whose change makes a new cache; here a change of engine, key or subnets does nothing.
"""

from typing import Any

from ministack.services import elasticache
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
_TYPE = "AWS::ElastiCache::ServerlessCache"
_MODIFIABLE = (
    "CacheUsageLimits",
    "DailySnapshotTime",
    "Description",
    "SecurityGroupIds",
    "SnapshotRetentionLimit",
    "UserGroupId",
)


def install() -> None:
    """Register the type, and that another name means another cache."""
    provisioners._RESOURCE_HANDLERS[_TYPE] = {"create": _create, "update": _update, "delete": _end}
    provisioners._REPLACING_PROPERTIES[_TYPE] = ("ServerlessCacheName",)


def _create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
    _call(elasticache._create_serverless_cache, properties, "create")
    name = properties["ServerlessCacheName"].lower()
    return name, _attributes(name)


def _update(
    name: str, old: Properties, new: Properties, _stack: str, **_extra: str
) -> tuple[str, Properties]:
    changed = {key: new[key] for key in _MODIFIABLE if key in new and new[key] != old.get(key)}
    if changed:
        request = {"ServerlessCacheName": name, **changed}
        _call(elasticache._modify_serverless_cache, request, "update")
    return name, _attributes(name)


def _end(name: str, _properties: Properties) -> None:
    elasticache._delete_serverless_cache({"ServerlessCacheName": name})


def _call(operation: Any, properties: Properties, action: str) -> None:
    provisioners._ec_call(operation, provisioners._ec_query(properties), _TYPE, action)


def _attributes(name: str) -> Properties:
    cache = elasticache._serverless_caches[name]
    attributes = {key: cache[key] for key in ("ARN", "FullEngineVersion", "Status")}
    for kind in ("Endpoint", "ReaderEndpoint"):
        attributes[f"{kind}.Address"] = cache[kind]["Address"]
        attributes[f"{kind}.Port"] = str(cache[kind]["Port"])
    return attributes
