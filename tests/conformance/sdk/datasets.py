"""Data sets that both versions of the SDK are asked for, by name."""

from datetime import datetime
from functools import partial

import pandas

_BEFORE, _AFTER = datetime(2000, 1, 1), datetime(2100, 1, 1)
_FROM, _TO = datetime(2024, 1, 1, 0, 1, 30), datetime(2024, 1, 1, 0, 3, 20)
_ACCURATE = ("point_in_time_accurate_join",)
_ASKED = {
    "every_version": [],
    "accurate": [_ACCURATE],
    "latest": [_ACCURATE, ("with_number_of_recent_records_by_record_identifier", 1)],
    "with_duplicates": [_ACCURATE, ("include_duplicated_records",)],
    "with_deleted": [_ACCURATE, ("include_deleted_records",)],
    "as_known_later": [_ACCURATE, ("as_of", _AFTER)],
    "as_known_before": [_ACCURATE, ("as_of", _BEFORE)],
    "in_a_range": [_ACCURATE, ("as_of", _AFTER), ("with_event_time_range", _FROM, _TO)],
    "first_rows": [_ACCURATE, ("with_number_of_records_from_query_results", 2)],
}


def steps(builder, group):
    """A step for each data set.

    ``builder`` starts one of a base, which is a group's name or a frame; ``group`` finds a group.
    """
    asked = [_named(name, partial(_build, builder, group, calls)) for name, calls in _ASKED.items()]
    return [*asked, _named("of_a_frame", partial(_build_of_frame, builder, group))]


def _named(name, step):
    step.__name__ = name
    return step


def _build(builder, group, calls, told):
    data_set = builder(told, told["base"]).with_feature_group(group(told, told["history"]))
    for name, *arguments in calls:
        data_set = getattr(data_set, name)(*arguments)
    data, _ = data_set.to_dataframe()
    at, score = (next(c for c in data if c.startswith(f"{n}.1")) for n in ("at", "score"))
    rows = data[["id", "at", at, score]].astype(str).to_numpy().tolist()
    return sorted(rows)


def _build_of_frame(builder, group, told):
    """The label rows as a frame, for which the SDKs make a table in sagemaker_featurestore."""
    labels = pandas.DataFrame(told["labels"], columns=["id", "at"]).astype({"id": object})
    if labels["at"].dtype != "float64":
        labels["at"] = labels["at"].astype(object)
    data_set = builder(told, labels).with_feature_group(group(told, told["history"]), "id")
    data, _ = data_set.point_in_time_accurate_join().to_dataframe()
    return sorted(data[["id", "at", "at.1", "score.1"]].astype(str).to_numpy().tolist())
