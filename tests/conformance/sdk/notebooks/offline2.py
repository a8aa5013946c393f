"""The workshop's ``m2_nb4``: the offline store by SDK v2.

Left out: the cells that install packages and that only print, and ``get_execution_role``, which
needs a role's session; its place has a role's ARN.
"""

import time
from datetime import UTC, datetime

import pandas
from sagemaker.feature_store.feature_group import FeatureGroup
from sagemaker.feature_store.feature_store import FeatureStore

from tests.conformance.sdk.notebooks import leads
from tests.conformance.sdk.notebooks.program import Context, asked, values
from tests.conformance.sdk.story import settings, tell

FIRST, SECOND, LAST = (leads.identifier(n) for n in (0, 1, leads.ROWS - 1))


class Leads(Context):
    """The two groups, and where the notebook's artefacts are."""

    def __init__(self, told):
        super().__init__(told)
        self.store = FeatureStore(sagemaker_session=self.clients_session)
        self.prefix = f"offline-store-sdk-artifacts-{told['prefix']}"
        self.output = f"s3://{self.bucket}/{self.prefix}/dataset_query_results"
        self.base = FeatureGroup(self.name("lead"), sagemaker_session=self.clients_session)
        self.target = FeatureGroup(
            self.name("webmarketing"), sagemaker_session=self.clients_session
        )

    def make(self, group, frame, identifier, at):
        group.load_feature_definitions(data_frame=frame)
        group.create(
            s3_uri=f"s3://{self.bucket}/{self.prefix}",
            record_identifier_name=identifier,
            event_time_feature_name=at,
            role_arn=self.told["role"],
            enable_online_store=True,
        )
        return self.settled(group.describe)

    def ingested(self, group, frame):
        """Ingest, and wait for files and for every row, as the notebook waits for files."""
        failed = group.ingest(data_frame=frame, max_workers=3, wait=True).failed_rows
        resolved = group.describe()["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
        folder = resolved.replace(f"s3://{self.bucket}/", "")
        self.until(
            lambda: (
                len(self.s3.list_objects(Bucket=self.bucket, Prefix=folder).get("Contents", [])) > 1
            )
        )
        return failed, self.until(lambda: self.rows(group) == len(frame))

    def rows(self, group):
        query = group.athena_query()
        return int(
            self.query(f'SELECT COUNT(*) FROM "{query.table_name}"', query.database).iat[0, 0]
        )

    def joined(self):
        """A data set of both groups, as the notebook asks for it three times."""
        return self.store.create_dataset(
            base=self.base, output_path=self.output
        ).with_feature_group(
            feature_group=self.target,
            target_feature_name_in_base="Lead_ProspectID",
            included_feature_names=list(leads.WEB),  # the SDK adds to it
        )


def every_lead():
    new = [leads.new_records(n) for n in (0, 1)]
    return pandas.concat([leads.leads(), *new], ignore_index=True)


def create_leads(c):
    return c.make(c.base, every_lead(), "Lead_ProspectID", "Lead_EventTime")


def ingest_leads(c):
    return c.ingested(c.base, every_lead())


def a_data_set_as_a_file(c):
    builder = c.store.create_dataset(base=c.base, output_path=c.output)
    return len(c.frame_of(builder.to_csv_file()[0]))


def a_data_set_of_a_frame(c):
    builder = c.store.create_dataset(
        base=leads.new_records(1),
        event_time_identifier_feature_name="Lead_EventTime",
        record_identifier_feature_name="Lead_ProspectID",
        output_path=c.output,
    ).with_feature_group(c.base, "Lead_ProspectID", ["LeadSource"])
    found, _ = builder.to_dataframe()
    return found.shape[0], len(found.query("LeadSource == 'NewLeadSource_0'", inplace=False))


def an_accurate_join(c):
    events = pandas.DataFrame(
        [["2023-01-20T00:00:00Z", FIRST], ["2023-01-15T00:00:00Z", SECOND]],
        columns=["Event_Time", "Lead_ProspectID"],
    )
    builder = (
        c.store.create_dataset(
            base=events,
            event_time_identifier_feature_name="Event_Time",
            record_identifier_feature_name="Lead_ProspectID",
            output_path=c.output,
        )
        .with_feature_group(c.base, "Lead_ProspectID")
        .point_in_time_accurate_join()
        .with_number_of_recent_records_by_record_identifier(1)
    )
    found, _ = builder.to_dataframe()
    written = c.frame_of(builder.to_csv_file()[0])
    rows = found[["Lead_ProspectID", "LeadSource.1"]].to_numpy().tolist()
    return sorted(rows), len(written)


def athena_query(c):
    query = c.base.athena_query()
    table = query.table_name
    sql = (
        f'SELECT * FROM "sagemaker_featurestore"."{table}" '
        f'WHERE "{table}"."Lead_ProspectID" = \'{SECOND}\' '
    )
    found = asked(query, sql, f"s3://{c.bucket}/{c.prefix}/athena_query_results/")
    found = found.sort_values(by="lead_eventtime", axis=0, ascending=True, inplace=False)
    return [[row["lead_prospectid"], row["leadsource"]] for _, row in found.iterrows()]


def create_visits(c):
    return c.make(c.target, leads.visits(), "Web_ProspectID", "Web_EventTime")


def ingest_visits(c):
    return c.ingested(c.target, leads.visits())


def update_a_record(c):
    record = c.target.get_record(LAST, list(leads.visits().columns))
    now = f"{datetime.fromtimestamp(int(time.time()), UTC):%Y-%m-%dT%H:%M:%S}Z"
    changed = {"Web_EventTime": now, "TotalWebVisits": "9999"}
    updated = [
        each | {"ValueAsString": changed.get(each["FeatureName"], each["ValueAsString"])}
        for each in record
    ]
    c.rt.put_record(FeatureGroupName=c.target.name, Record=updated)
    c.until(lambda: c.rows(c.target) == leads.ROWS + 1)
    return values(record)["TotalWebVisits"], values(c.target.get_record(LAST))["TotalWebVisits"]


def a_join_of_two(c):
    found, _ = c.joined().to_dataframe()
    written = c.frame_of(c.joined().to_csv_file()[0])
    return list(found.columns)[-len(leads.WEB) :], len(found), len(written)


def a_join_of_a_range(c):
    day = datetime(2022, 7, 3)
    builder = c.joined().with_event_time_range(
        starting_timestamp=day, ending_timestamp=day.replace(day=5)
    )
    found, _ = builder.to_dataframe()
    return sorted(found["Lead_ProspectID"])


def versions_of_the_updated_record(c):
    query = c.target.athena_query()
    table = query.table_name
    sql = (
        f'SELECT * FROM "sagemaker_featurestore"."{table}" '
        f'WHERE "{table}"."Web_ProspectID" = \'{LAST}\' '
    )

    def versions():
        c.found = asked(query, sql, f"s3://{c.bucket}/{c.prefix}/athena_query_results/")
        return len(c.found) > 1

    c.until(versions)
    c.found = c.found.sort_values(by="write_time", axis=0, ascending=False, inplace=False)
    return c.found["totalwebvisits"].tolist()


def as_of_the_last_write(c):
    """The notebook cuts four characters off: the three digits of a format Glue table, and the dot."""
    cut = datetime.strptime(c.found.iloc[0]["write_time"][:-4], "%Y-%m-%d %H:%M:%S")
    builder = (
        c.store.create_dataset(base=c.base, output_path=c.output)
        .with_feature_group(
            feature_group=c.target,
            target_feature_name_in_base="Lead_ProspectID",
            included_feature_names=["Web_ProspectID", "Web_EventTime", "TotalWebVisits"],
        )
        .as_of(cut)
    )
    found, _ = builder.to_dataframe()
    of_last = found.query(f"`Web_ProspectID.1` == '{LAST}'", inplace=False)
    return list(found.columns)[-3:], of_last["TotalWebVisits.1"].tolist()


STEPS = [
    create_leads,
    ingest_leads,
    a_data_set_as_a_file,
    a_data_set_of_a_frame,
    an_accurate_join,
    athena_query,
    create_visits,
    ingest_visits,
    update_a_record,
    a_join_of_two,
    a_join_of_a_range,
    versions_of_the_updated_record,
    as_of_the_last_write,
]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Leads(told), path)
