"""The statements of the workshop's helper ``get_features``: an events table, a join for each group."""

import numpy
import pandas

_ROW = "time_travel_row"
_TYPES = {"int64": "INT", "float64": "DOUBLE", "bool": "BOOLEAN"}


def get_features(c, events, time, wanted):
    """The events with the latest values of groups as of each of them.

    ``wanted`` has the names of features, or ``*``, by the word in the group's name.
    """
    events[_ROW] = numpy.arange(len(events))
    key = f"fs-query-input/{c.told['prefix']}/events.csv"
    c.s3.put_object(Bucket=c.bucket, Key=key, Body=events.to_csv(index=False, header=None).encode())
    table = f"tmp_events_{c.told['prefix'].replace('-', '_')}"
    c.query(_creation(table, events, f"s3://{c.bucket}/{key.rpartition('/')[0]}/"), _DATABASE)
    parts = [_part(c, table, events, time, word, names) for word, names in wanted.items()]
    c.query(f"DROP TABLE {table}", _DATABASE)
    c.s3.delete_object(Bucket=c.bucket, Key=key)
    return pandas.concat([events.drop(columns=_ROW), *parts], axis=1)


_DATABASE = "sagemaker_featurestore"


def _creation(table, events, location):
    columns = ", ".join(
        f"{name} {_TYPES.get(str(kind), 'STRING')}" for name, kind in events.dtypes.items()
    )
    serde = r'"separatorChar" = ",", "quoteChar"     = "`", "escapeChar"    = "\\"'
    return (
        f"CREATE EXTERNAL TABLE {table} ({columns}) "
        "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' "
        f"WITH SERDEPROPERTIES ({serde}) LOCATION '{location}';"
    )


def _part(c, table, events, time, word, names):
    """A group's features for each event, in the order of events."""
    described = c.sm.describe_feature_group(FeatureGroupName=c.name(word))
    identifier = described["RecordIdentifierFeatureName"]
    at = described["EventTimeFeatureName"]
    if names == ["*"]:
        every = [each["FeatureName"].lower() for each in described["FeatureDefinitions"]]
        names = [name for name in every if name not in (identifier, at)]
    features = described["OfflineStoreConfig"]["DataCatalogConfig"]["TableName"]
    of_f, of_t = (", ".join(f"{letter}.{name}" for name in names) for letter in "ft")
    candidates = (
        f"select f.{identifier}, {of_f}, e.{time} as e_event_time, f.{at} as f_event_time, "
        f"e.{_ROW}, is_deleted, write_time, row_number() over (partition by e.{_ROW} "
        f"order by f.{at} desc, write_time desc) as row_number "
        f'from "{features}" f, "{table}" e '
        f"where f.{at} <= e.{time} and f.{identifier} = e.{identifier}"
    )
    sql = (
        f"with temp as (select {identifier}, {', '.join(names)},  e_event_time, f_event_time, "
        f"write_time, {_ROW} from ({candidates}) where row_number = 1 and NOT is_deleted) "
        f"select e.{time}, e.{identifier},   {of_t}, e.{_ROW} "
        f'from "{table}" e left outer join temp t on e.{time} = t.e_event_time and '
        f"e.{identifier} = t.{identifier} and e.{_ROW} = t.{_ROW} order by e.{_ROW} asc"
    )
    found = c.query(sql, _DATABASE)
    found = found.sort_values(by=[_ROW], ascending=True)
    return found.drop(columns=[*found.columns[:2], _ROW])
