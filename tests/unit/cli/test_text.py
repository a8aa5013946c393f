"""Numbers and charges as the commands print them."""

import pytest

from larder.cli.text import charge, size


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (2 * 10**12, "2.0 TB"), (10**16, "10000.0 TB")],
)
def test_sizes_have_the_unit_that_keeps_them_short(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("scanned", "dollars"),
    [(1234, "1.2 kB scanned, about $0.00005 "), (2 * 10**12, "2.0 TB scanned, about $10.00000 ")],
)
def test_a_query_is_charged_by_the_price_list_and_for_10_megabytes_at_least(scanned, dollars):
    assert charge(scanned) == (
        f"{dollars}(Athena in us-east-1: $5 per TB scanned, 10 MB a query at least)"
    )


def test_a_join_on_this_machine_is_not_charged():
    assert charge(1234, "duckdb") == ("1.2 kB read on this machine, by duckdb; no query is charged")
