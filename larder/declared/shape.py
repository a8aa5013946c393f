"""The shape of a definition file: its members, of what kind each is, and what must be there."""

from __future__ import annotations

from larder.access.grants import MAX_PATTERNS
from larder.groups.api import shapes as part
from larder.pipelines.definition import (
    MOST_LAST,
    MOST_SAMPLE,
    MOST_SCALE,
    Engine,
    Function,
    TimeUnit,
)
from larder.wire.shapes import Flag, Many, Map, Number, Struct, Text, Whole

PRINCIPALS = Many(Text(1), 1, MAX_PATTERNS)
DURATION = Text(1, 20)
SHARE = Text(2, 8, r"[0-9]{1,3}(\.[0-9]{1,3})?%")
_COLUMN = Text(1, 255)
SQL = Text(1, 4000)
SEVERITY = Text(enum=("error", "warn"))
_COMPARED = {"compared_to": Text(6, 20, "[1-9][0-9]{0,3} runs"), "within": SHARE}
COUNTED = Struct({"min": Whole(0), "max": Whole(0), **_COMPARED})
_AGGREGATE = Struct(
    {
        "function": Text(enum=tuple(Function)),
        "of": SQL,
        "where": SQL,
        "window": DURATION,
        "windows": Many(DURATION, 1, 20),
        "scale": Whole(0, MOST_SCALE),
        "n": Whole(1, MOST_LAST),
    },
    required=("function",),
)
EXPECTED_VALUES = Struct(
    {
        "min": Number(),
        "max": Number(),
        "nulls": SHARE,
        "zeros": SHARE,
        "in": Struct({"values": Many(Text(), 1, 10_000), "file": Text(1, 1024)}, union=True),
        "severity": SEVERITY,
    }
)
_EXPECTED_ROWS = Struct(
    {
        "rows": COUNTED,
        "keys": COUNTED,
        "unique": Many(_COLUMN, 1, 20),
        "freshness": DURATION,
        "sql": SQL,
        "severity": SEVERITY,
    }
)
SOURCE = Struct(
    {
        "table": Text(3, 512, r"[a-z0-9_][a-z0-9_-]*\.[a-z0-9_][a-z0-9_-]*"),
        "group": part.GROUP_NAME,
        "files": Struct(
            {
                "s3": Text(6, 1024, "s3://.*"),
                "format": Text(enum=("parquet", "csv", "json")),
                "columns": Map(_COLUMN, Text(1, 40), 1000),
            },
            required=("s3", "format", "columns"),
        ),
        "sql": SQL,
        "tables": Many(Text(3, 512), 1, 20),
        "time": _COLUMN,
        "unit": Text(enum=tuple(TimeUnit)),
        "order": Many(_COLUMN, 1, 10),
        "version": _COLUMN,
        "where": SQL,
    },
    required=("time",),
)
PIPELINE = Struct(
    {
        "description": part.DESCRIPTION,
        "owner": Text(1, 256),
        "source": SOURCE,
        "emit": Struct({"event": Flag(), "every": DURATION}, union=True),
        "available_after": DURATION,
        "engine": Text(enum=tuple(Engine)),
        "schedule": Struct(
            {"every": DURATION, "cron": Text(9, 100), "timezone": Text(1, 64), "off": Flag()}
        ),
        "start": Text(10, 10, r"\d{4}-\d\d-\d\d"),
        "late": Struct({"wait": DURATION, "accept": DURATION}),
        "freshness": DURATION,
        "expect": Many(_EXPECTED_ROWS, 1, 50),
        "consistency": Struct({"sample": Whole(1, MOST_SAMPLE), "every": DURATION}),
        "revision": Whole(1),
        "shared": Flag(),
    },
    required=("source", "emit", "start"),
)
FILE = Struct(
    {
        "name": part.GROUP_NAME,
        "description": part.DESCRIPTION,
        "record_identifier": part.FEATURE_NAME,
        "event_time": part.FEATURE_NAME,
        "online": Struct(
            {
                "storage_type": part.STORAGE_TYPE,
                "ttl": Struct({"unit": part.TTL.members["Unit"], "value": Whole(1)}),
            }
        ),
        "offline": Struct(
            {
                "table_format": part.TABLE_FORMAT,
                "s3_uri": part.S3_URI,
                "table": Text(1, 252, "[a-z_][a-z0-9_]*"),
            }
        ),
        "pipeline": PIPELINE,
        "features": Many(
            Struct(
                {
                    "name": part.FEATURE_NAME,
                    "type": part.FEATURE_TYPE,
                    "collection": part.COLLECTION_TYPE,
                    "dimension": part.DIMENSION,
                    "description": part.FEATURE_DESCRIPTION,
                    "parameters": Map(part.PARAMETER_WORD, part.PARAMETER_WORD, 25),
                    "aggregate": _AGGREGATE,
                    "latest": SQL,
                    "expect": EXPECTED_VALUES,
                },
                required=("name", "type"),
            ),
            1,
            2500,
        ),
        "tags": Map(part.TAG_KEY, part.TAG_VALUE, 50),
        "grants": Struct(dict.fromkeys(("read", "write", "admin"), PRINCIPALS)),
    },
    required=("name", "record_identifier", "event_time", "features"),
)
"""The shape, once ``larder.declared.spelled`` has made short spellings long."""
