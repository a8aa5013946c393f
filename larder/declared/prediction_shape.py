"""The shape of a prediction's file: its members, of what kind each is, and what must be there."""

from __future__ import annotations

from larder.declared.shape import (
    COUNTED,
    DURATION,
    EXPECTED_VALUES,
    PRINCIPALS,
    SEVERITY,
    SHARE,
    SQL,
)
from larder.groups.api import shapes as part
from larder.predictions.definition import MOST_SCORES, MOST_SHARD_ROWS
from larder.wire.shapes import Flag, Many, Map, Number, Struct, Text, Whole

PREDICTION = Struct(
    {
        "name": part.GROUP_NAME,
        "description": part.DESCRIPTION,
        "owner": Text(1, 256),
        "model": Struct(
            {
                "group": Text(1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
                "approved": Text(enum=("newest",)),
                "alias": Text(1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
                "version": Whole(1),
            },
            required=("group",),
        ),
        "source": Struct({"group": part.GROUP_NAME}, required=("group",)),
        "target": Struct(
            {
                "group": part.GROUP_NAME,
                "existing": Flag(),
                "record_identifier": part.FEATURE_NAME,
                "type": part.FEATURE_TYPE,
                "event_time": part.FEATURE_NAME,
                "ttl": Struct(
                    {"unit": part.TTL.members["Unit"], "value": Whole(1)},
                    required=("unit", "value"),
                ),
                "storage_type": part.STORAGE_TYPE,
                "tags": Map(part.TAG_KEY, part.TAG_VALUE, 50),
                "grants": Struct(dict.fromkeys(("read", "write", "admin"), PRINCIPALS)),
            },
            required=("record_identifier",),
        ),
        "scores": Many(
            Struct(
                {
                    "name": part.FEATURE_NAME,
                    "type": Text(enum=("Fractional", "Integral")),
                    "collection": Text(enum=("List",)),
                    "description": part.FEATURE_DESCRIPTION,
                    "expect": EXPECTED_VALUES,
                },
                required=("name",),
            ),
            1,
            MOST_SCORES,
        ),
        "schedule": Struct(
            {"every": DURATION, "cron": Text(9, 100), "timezone": Text(1, 64), "off": Flag()}
        ),
        "expect": Many(
            Struct(
                {
                    "rows": COUNTED,
                    "sql": SQL,
                    "refused": SHARE,
                    "drift": Number(0),
                    "severity": SEVERITY,
                }
            ),
            1,
            50,
        ),
        "tolerate": SHARE,
        "freshness": DURATION,
        "shard_rows": Whole(1, MOST_SHARD_ROWS),
        "revision": Whole(1),
    },
    required=("name", "model", "source", "target", "scores", "schedule"),
)
