"""Data sets that both versions of the SDK are asked for, by name."""

from functools import partial

_ASKED = {
    "every_version": [],
    "accurate": ["point_in_time_accurate_join"],
    "latest": ["point_in_time_accurate_join", "with_number_of_recent_records_by_record_identifier"],
    "with_duplicates": ["point_in_time_accurate_join", "include_duplicated_records"],
    "with_deleted": ["point_in_time_accurate_join", "include_deleted_records"],
}


def steps(builder, group):
    """A step for each data set; ``builder`` starts one, ``group`` finds a group by name."""
    return [_named(name, partial(_build, builder, group, names)) for name, names in _ASKED.items()]


def _named(name, step):
    step.__name__ = name
    return step


def _build(builder, group, names, told):
    data_set = builder(told).with_feature_group(group(told, told["history"]))
    for name in names:
        arguments = [1] if name.startswith("with_number") else []
        data_set = getattr(data_set, name)(*arguments)
    data, _ = data_set.to_dataframe()
    at, score = (next(c for c in data if c.startswith(f"{n}.1")) for n in ("at", "score"))
    rows = data[["id", "at", at, score]].astype(str).to_numpy().tolist()
    return sorted(rows)
