"""The shape of a training's file: its members, of what kind each is, and what must be there."""

from __future__ import annotations

from larder.declared.shape import DURATION, SHARE, SQL
from larder.groups.api import shapes as part
from larder.trainings.definition import LONGEST_NAME, MOST_GROUPS, Metric, Rule
from larder.wire.shapes import Many, Map, Number, Struct, Text

_PACKAGE_GROUP = Text(1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_COLUMN = Text(1, 255)
_TABLE = Text(3, 512, r"[a-z0-9_]+\.[a-z0-9_]+")
_PARAMETER = Text(1, 64, "[a-zA-Z][a-zA-Z0-9_]*")

TRAINING = Struct(
    {
        "name": Text(1, LONGEST_NAME, "[a-z0-9]([a-z0-9-]*[a-z0-9])?"),
        "description": part.DESCRIPTION,
        "owner": Text(1, 256),
        "training_set": Struct(
            {
                "labels": Struct(
                    {"table": _TABLE, "query": SQL, "tables": Many(_TABLE, 1, 20)},
                ),
                "event_time": _COLUMN,
                "time_zone": Text(1, 64),
                "groups": Many(
                    Struct(
                        {
                            "group": part.GROUP_NAME,
                            "features": Many(part.FEATURE_NAME, 1, 2500),
                            "key": _COLUMN,
                            "look_back": DURATION,
                            "prefix": Text(1, 64),
                        },
                        required=("group",),
                    ),
                    1,
                    MOST_GROUPS,
                ),
            },
            required=("labels", "event_time", "groups"),
        ),
        "target": _COLUMN,
        "train": Struct(
            {
                "function": Text(1, 170),
                "job": Text(1, 255),
                "timeout": DURATION,
                "parameters": Map(_PARAMETER, Text(0, 4000), 100),
            }
        ),
        "model": Struct(
            {
                "group": _PACKAGE_GROUP,
                "image": Text(1, 255),
                "environment": Map(Text(1, 1024), Text(0, 1024), 100),
            },
            required=("group", "image"),
        ),
        "compare": Struct(
            {"metric": Text(enum=tuple(Metric)), "held_out": SHARE, "margin": Number(0)},
            required=("metric",),
        ),
        "approval": Text(enum=tuple(Rule)),
        "triggers": Struct(
            {
                "schedule": Struct(
                    {"every": DURATION, "cron": Text(9, 100), "timezone": Text(1, 64)}
                ),
                "new_data": Many(part.GROUP_NAME, 1, 20),
                "alarms": Many(Text(1, 255), 1, 20),
            }
        ),
    },
    required=("name", "training_set", "target", "train", "model", "compare"),
)
