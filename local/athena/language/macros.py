"""Trino functions that DuckDB lacks or gives another meaning, as DuckDB macros.

A typed overload is chosen by the argument's type, as Trino would. Names that begin ``trino_``
replace operators and are written by ``dialect``; the others are called as they are.
"""

from __future__ import annotations

MACROS = (
    # A date plus days stays a date; DuckDB makes it a timestamp.
    "trino_plus(x date, i interval) as cast(x + i as date), "
    "(x timestamp, i interval) as x + i, (x timestamptz, i interval) as x + i",
    "trino_minus(x date, i interval) as cast(x - i as date), "
    "(x timestamp, i interval) as x - i, (x timestamptz, i interval) as x - i",
    # DuckDB's millisecond counts the seconds too.
    "trino_millisecond(x) as millisecond(x) % 1000",
    "to_iso8601(x date) as strftime(x, '%Y-%m-%d'), "
    "(x timestamp) as strftime(x, '%Y-%m-%dT%H:%M:%S.%g'), "
    "(x timestamptz) as strftime(x, '%Y-%m-%dT%H:%M:%S.%gZ')",
    "from_unixtime_nanos(x) as make_timestamp(x // 1000)::timestamptz",
    "map_agg(k, v) as map(list(k), list(v))",
    "every(x) as bool_and(x)",
    "array_union(a, b) as list_distinct(list_concat(a, b))",
    "arrays_overlap(a, b) as list_has_any(a, b)",
    "codepoint(x) as unicode(x)",
    "nan() as 'nan'::double",
    "infinity() as 'infinity'::double",
    "is_finite(x) as isfinite(x)",
    "is_infinite(x) as isinf(x)",
)
