"""A statement that can't run ends FAILED with Athena's words."""

import pytest


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT nope FROM events", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved"),
        ("SELECT e.nope FROM events e", "COLUMN_NOT_FOUND: line 1:10: Column 'nope'"),
        ("SELECT 1\nFROM nope", "TABLE_NOT_FOUND: line 2:6: Table 'awsdatacatalog.shop.nope' does"),
        ("SELECT 1 FROM no.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'no' does not exist"),
        ("SELECT 1 FROM cat.db.t", "CATALOG_NOT_FOUND: Catalog 'cat' does not exist"),
        ("SELECT nofunc(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nofunc' not registered"),
        ("SELECT CAST('x' AS bigint)", "INVALID_CAST_ARGUMENT: "),
        ("SELECT sum('a')", "TYPE_MISMATCH: "),
        ("SELECT items, count(*) FROM events", "EXPRESSION_NOT_AGGREGATE: line 1:8: 'items' must"),
        (
            "SELECT items FROM events a, events b",
            "AMBIGUOUS_NAME: line 1:8: Column 'items' is ambiguous",
        ),
        ("SELECT * FRM events", "SYNTAX_ERROR: line 1:"),
        ("SELECT * FROM read_csv('/etc/passwd')", "FUNCTION_NOT_FOUND: "),
        ("SELECT * FROM '/etc/passwd'", "TABLE_NOT_FOUND: line 1:15: Table"),
        ('SELECT * FROM "/etc/passwd"', "TABLE_NOT_FOUND: line 1:15: Table"),
        ("SELECT * FROM events FOR VERSION AS OF 1", "INVALID_ARGUMENTS: Iceberg snapshot ID 1"),
        ("SELECT * FROM visits FOR VERSION AS OF 1", "NOT_SUPPORTED: line 1:15: Table"),
        ('SELECT * FROM "events$nope"', "TABLE_NOT_FOUND: Metadata table '$nope'"),
        ("OPTIMIZE visits REWRITE DATA USING BIN_PACK", "NOT_SUPPORTED: Table 'shop.visits' is no"),
        (
            "OPTIMIZE events",
            "SYNTAX_ERROR: line 1:16: mismatched input '<EOF>'. Expecting: rewrite",
        ),
        (
            "OPTIMIZE events REWRITE DATA USING BIN_PACK WHERE lower(customerid) = 'c1'",
            "NOT_SUPPORTED: the condition LOWER(customerid)",
        ),
        (
            "OPTIMIZE events REWRITE DATA USING BIN_PACK WHERE nope = 1",
            "COLUMN_NOT_FOUND: Column 'nope' cannot be resolved",
        ),
        ("VACUUM visits", "NOT_SUPPORTED: Table 'shop.visits' is no Iceberg table"),
        ("VACUUM nope", "TABLE_NOT_FOUND: "),
        ("ALTER TABLE visits RENAME TO v", "NOT_SUPPORTED: this ALTER TABLE is not supported by"),
        (
            "GRANT SELECT ON events TO x",
            "NOT_SUPPORTED: GRANT is not supported by the local Athena",
        ),
        ("SHOW VIEWS", "NOT_SUPPORTED: this SHOW is not supported by the local Athena; use SHOW"),
        ("DROP TABLE nope", "TABLE_NOT_FOUND: Table 'awsdatacatalog.shop.nope' does not exist"),
    ],
)
def test_the_reason_names_the_fault_and_its_place(athena, sql, reason):
    assert athena.reason(sql).startswith(reason)


def test_a_failure_is_the_users_by_athenas_own_catalog(athena):
    status = athena.run("SELECT nope").document["Status"]

    assert status["AthenaError"]["ErrorCategory"] == 2
    assert status["AthenaError"]["ErrorMessage"] == status["StateChangeReason"]


def test_parameters_that_do_not_fit_fail_the_statement(athena):
    assert "expected 0 but found 1" in athena.reason("SELECT 1", "1")
    assert "is not a literal" in athena.reason("SELECT ?", "items")
