"""What each step of a notebook has to give, by its program and the version of its SDK."""

from tests.conformance.sdk.notebooks import introduction, leads, shop

_OWN = ["write_time", "api_invocation_time", "is_deleted"]
_AGES = [f"age_{age}" for age in shop.AGES]
_CUSTOMER = ["customer_id", "sex", "is_married", "event_time", *_AGES, "n_days_active", *_OWN]
_CATEGORIES = [f"category_{category}" for category in shop.CATEGORIES]
_C7 = {
    "customer_id": "C7",
    "sex": "1",
    "is_married": "1",
    "event_time": "2023-01-23T10:11:12.345Z",
    **{age: str(int(age == "age_30-39")) for age in _AGES},
    "n_days_active": "0.4375",
}
_EVENT = ["2023-01-23T10:11:12.345Z", "C2", "P2", "O1", "0", "0", "0", "1", "0.03125"]
_EVENT_COLUMNS = ["my_event_time", "customer_id", "product_id", "order_id"]
_FOUNDATIONS = {
    "create": ["Created"] * 3,
    "ingest": [],
    "get_record": _C7,
    "list_feature_groups": ["customers", "orders", "products"],
    "tables": ["sagemaker_featurestore"] * 3,
    "historical_record_count": [shop.CUSTOMERS, shop.PRODUCTS, shop.ORDERS],
    "join_of_three": [
        shop.ORDERS,
        ["sex", "is_married", *_AGES, "n_days_active", *_CATEGORIES, "is_reordered"],
        shop.ORDERS // 2,
    ],
    "upload_the_training_set": True,
    "features_as_of_events": [
        10,
        [*_EVENT_COLUMNS, "is_married", *_CATEGORIES, "purchase_amount"],
        _EVENT,
        False,
    ],
    # Iceberg's own names of columns in Parquet files: TypeToMessageType writes "-" as _x2D.
    "a_file_of_the_offline_store": [name.replace("-", "_x2D") for name in _CUSTOMER],
    "sample": [True, _CUSTOMER],
}

_LEAD = [leads.identifier(n) for n in range(leads.ROWS)]
_SOURCES = [f"NewLeadSource_{i}" for i in range(leads.NEW)]
_EVERY_LEAD = leads.ROWS + 2 * leads.NEW
# A join of base rows to visits has a row for each base row: each lead has one visit, the last two.
_JOINED = _EVERY_LEAD + 1
_OFFLINE = {
    "create_leads": "Created",
    "ingest_leads": [[], True],
    "a_data_set_as_a_file": _EVERY_LEAD,
    # Each of the four rows of the frame meets each of the five versions in the group.
    "a_data_set_of_a_frame": [leads.NEW * (leads.NEW + 1), leads.NEW + 1],
    "an_accurate_join": [
        [[_LEAD[0], "NewLeadSource_3"], [_LEAD[1], "NewLeadSource_2"]],
        2,
    ],
    "athena_query": [[_LEAD[1], source] for source in (leads.SOURCES[1], *_SOURCES)],
    "create_visits": "Created",
    "ingest_visits": [[], True],
    "update_a_record": [str(leads.ROWS - 1), "9999"],
    "a_join_of_two": [[f"{name}.1" for name in leads.WEB], _JOINED, _JOINED],
    "a_join_of_a_range": [_LEAD[2], _LEAD[3]],
    "versions_of_the_updated_record": [9999, leads.ROWS - 1],
    "as_of_the_last_write": [
        ["Web_ProspectID.1", "Web_EventTime.1", "TotalWebVisits.1"],
        [leads.ROWS - 1],
    ],
}

_MATERIALIZE = {
    "create": "Created",
    "ingest_offline_only": [],
    "materialize": [
        {"RecordIdentifier": n, "Measure": "0.3", "EventTime": "2023-01-23T02:00:00Z"}
        for n in "123"
    ],
}

_HARD_DELETE = {
    "create": ["Created", {"Unit": "Weeks", "Value": 52}],
    "ingest": [],
    "sample": True,
    "hard_delete": False,
    "rows_before": [False, True],
    "delete_from_the_table": ["SUCCEEDED", 0],
    "snapshots": [
        ["committed_at", "snapshot_id", "parent_id", "operation", "manifest_list", "summary"],
        True,
    ],
    "rows_of_the_snapshot_before": 2,
    "set_the_age_of_snapshots": "SUCCEEDED",
    "compact": ["SUCCEEDED", "SUCCEEDED"],
    "rows_after": [True, 0, shop.CUSTOMERS - 1],
}

_INTRODUCED = {"customer_id": "410001", "city_code": "1", "state_code": "11", "country_code": "2"}
_MAILS = ["ann@example.com", "ben@example.com", "cy@example.com", "dee@example.com"]
_COUNT = len(introduction.IDENTIFIERS)
_INTRODUCTION = {
    "create": ["Created", "Created"],
    "describe": [
        {
            **dict.fromkeys(("customer_id", "city_code", "state_code", "country_code"), "Integral"),
            "EventTime": "Fractional",
        },
        "Glue",
        True,
    ],
    "feature_metadata": [[{"Key": "idType", "Value": "primaryKey"}], ["customer_id"]],
    "ingest": [[], []],
    "get_record": [True, _INTRODUCED],
    "batch_get_record": [5] * (2 * _COUNT),
    "update": "Successful",
    "ingest_what_was_added": [[], _MAILS],
    "offline_rows": [2 * _COUNT, _COUNT, 1],
    "delete": ["Deleting", "Deleting"],
}

_CORE = {
    "create": ["Created", "Created"],
    "feature_metadata": [[["idType", "primaryKey"]], ["customer_id"]],
    "put_records": [_COUNT, _COUNT],
    "get_record": [True, _INTRODUCED],
    "batch_get_record": [_COUNT, _COUNT],
    "update": "Successful",
    "put_what_was_added": [_COUNT, _MAILS],
    "delete": ["Deleting", "Deleting"],
}

ANSWERS = {
    ("foundations", 2): _FOUNDATIONS,
    ("offline", 2): _OFFLINE,
    ("materialize", 2): _MATERIALIZE,
    ("hard_delete", 2): _HARD_DELETE,
    ("introduction", 2): _INTRODUCTION,
    ("core", 2): _CORE,
    ("core", 3): _CORE,
}
