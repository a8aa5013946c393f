"""OPTIMIZE and VACUUM: fewer files and snapshots, the same rows."""

import pytest

from local.athena.tables.cloud import all_objects

OPTIMIZE = "OPTIMIZE ledger REWRITE DATA USING BIN_PACK"
ROWS = "SELECT account, amount FROM ledger ORDER BY 1, 2"


@pytest.fixture
def ledger(athena, iceberg):
    """Six commits of one file each: five for the account a, one for b."""
    athena.run("DROP TABLE IF EXISTS ledger")
    made = athena.run(
        "CREATE TABLE ledger (account string, amount bigint, at timestamp) PARTITIONED BY (account) "
        "LOCATION 's3://lake/shop/ledger/' TBLPROPERTIES ('table_type' = 'ICEBERG', "
        "'optimize_rewrite_data_file_threshold' = '2', 'vacuum_max_snapshot_age_seconds' = '0')"
    )
    assert made.state == "SUCCEEDED", made.reason
    for number in range(6):
        account = "ab"[number == 5]
        athena.rows(
            f"INSERT INTO ledger VALUES ('{account}', {number}, TIMESTAMP '2026-01-0{number + 1} 00:00:00')"
        )
    return lambda: iceberg.load_table("shop.ledger")


def files(table):
    return sorted(task.file.file_path for task in table().scan().plan_files())


def test_optimize_packs_each_partitions_small_files_into_one(athena, ledger):
    before, rows = files(ledger), athena.rows(ROWS)

    ran = athena.run(OPTIMIZE)

    assert ran.state == "SUCCEEDED", ran.reason
    assert (len(before), len(files(ledger))) == (6, 2)
    assert [each for each in files(ledger) if "account=b" in each] == [before[-1]]
    assert athena.rows(ROWS) == rows
    assert ran.document["Statistics"]["DataScannedInBytes"] > 0


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("account = 'a'", 2),
        ("account = 'b'", 6),
        ("at >= TIMESTAMP '2026-01-04 00:00:00' AND account IN ('a', 'b')", 5),
        ("amount BETWEEN 0 AND 2 OR amount = -1 OR at IS NULL OR NOT amount > 0", 4),
    ],
)
def test_optimize_takes_the_files_that_may_hold_such_rows(athena, ledger, where, left):
    rows = athena.rows(ROWS)

    ran = athena.run(f"{OPTIMIZE} WHERE {where}")

    assert ran.state == "SUCCEEDED", ran.reason
    assert len(files(ledger)) == left
    assert athena.rows(ROWS) == rows


def test_optimize_leaves_fewer_files_than_the_threshold_alone(athena, ledger):
    athena.run(
        "ALTER TABLE ledger SET TBLPROPERTIES ('optimize_rewrite_data_file_threshold' = '9')"
    )
    before = files(ledger)

    athena.run(OPTIMIZE)

    assert files(ledger) == before


def test_vacuum_expires_snapshots_and_deletes_what_only_they_name(athena, ledger, s3):
    rows, oldest = athena.rows(ROWS), ledger().snapshots()[0].snapshot_id
    athena.run(OPTIMIZE)

    ran = athena.run("VACUUM ledger")

    assert ran.state == "SUCCEEDED", ran.reason
    assert len(ledger().snapshots()) == 1
    data = [at for at, _ in all_objects(s3, "s3://lake/shop/ledger/data")]
    assert sorted(data) == files(ledger)
    assert athena.rows(ROWS) == rows
    assert athena.reason(f"SELECT * FROM ledger FOR VERSION AS OF {oldest}").startswith(
        "INVALID_ARGUMENTS: Iceberg snapshot ID"
    )


def test_vacuum_keeps_as_many_snapshots_and_as_old_as_the_table_says(athena, ledger):
    athena.run("ALTER TABLE ledger SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep' = '3')")
    athena.run("VACUUM ledger")
    assert len(ledger().snapshots()) == 3

    athena.run("ALTER TABLE ledger SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds' = '9999')")
    athena.run("ALTER TABLE ledger SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep' = '1')")
    athena.run("VACUUM ledger")
    assert len(ledger().snapshots()) == 3


def test_vacuum_keeps_a_tagged_snapshot(athena, ledger):
    first = ledger().snapshots()[0].snapshot_id
    ledger().manage_snapshots().create_tag(first, "audit").commit()

    athena.run("VACUUM ledger")

    assert athena.rows("SELECT amount FROM ledger FOR VERSION AS OF 'audit'") == [("0",)]


def test_properties_of_a_hive_table_are_set_beside_the_others(athena, glue):
    athena.rows("ALTER TABLE visits SET TBLPROPERTIES ('note' = 'x')")

    assert glue.get_table(DatabaseName="shop", Name="visits")["Table"]["Parameters"]["note"] == "x"


def test_a_property_that_is_no_number_is_named(athena, ledger):
    athena.run("ALTER TABLE ledger SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep' = 'few')")

    assert athena.reason("VACUUM ledger").startswith(
        "INVALID_TABLE_PROPERTY: table property vacuum_min_snapshots_to_keep is 'few'"
    )
