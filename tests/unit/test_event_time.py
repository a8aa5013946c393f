"""Event times: what is accepted and how it orders."""

import pytest

from larder.errors import ValidationError
from larder.event_time import (
    EventTimeType,
    event_time_nanos,
    key_to_double,
    nanos_to_iso,
    parse_event_time,
)

STRING, FRACTIONAL = EventTimeType.STRING, EventTimeType.FRACTIONAL


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.5Z", 500_000_000),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("2024-02-29T23:59:59.123Z", 1_709_251_199_123_000_000),
        ("0000-01-01T00:00:00Z", -62_167_219_200 * 10**9),
        ("0000-12-31T00:00:00Z", (-62_167_219_200 + 365 * 86_400) * 10**9),
        ("9999-12-31T23:59:59.999999999Z", 253_402_300_800 * 10**9 - 1),
    ],
)
def test_a_string_event_time_is_nanoseconds_since_the_epoch(text, nanos):
    assert parse_event_time(text, STRING) == nanos


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-01-31",
        "2024-01-31T12:00:00",
        "2024-01-31T12:00:00+00:00",
        "2024-01-31t12:00:00z",
        "2024-01-31 12:00:00Z",
        "2024-01-31T12:00:00.Z",
        "2024-01-31T12:00:00.1234567890Z",
        "2024-01-31T24:00:00Z",
        "2024-01-31T12:60:00Z",
        "2024-01-31T12:00:60Z",
        "2024-02-30T12:00:00Z",
        "2023-02-29T12:00:00Z",
        "10000-01-01T00:00:00Z",
        "٢٠٢٤-01-31T12:00:00Z",
        "1700000000",
        "2024-01-31T12:00:00Z\n",
    ],
)
def test_other_forms_of_a_string_event_time_are_refused(text):
    with pytest.raises(ValidationError, match="Event time"):
        parse_event_time(text, STRING)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0.0), ("-0", 0.0), ("1700000000.5", 1.7000000005e9), (".5", 0.5), ("1e3", 1000.0)],
)
def test_a_fractional_event_time_denotes_a_double(text, seconds):
    assert key_to_double(parse_event_time(text, FRACTIONAL)) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "nan", "inf", "1_0", " 1", "0x10", "1e400", "1700000000000", "-62167219201", "2024Z"],
)
def test_other_forms_of_a_fractional_event_time_are_refused(text):
    with pytest.raises(ValidationError, match="Event time"):
        parse_event_time(text, FRACTIONAL)


def test_event_times_order_as_instants_not_as_texts():
    texts = ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.51Z"]
    assert sorted(texts) != texts
    assert sorted(texts, key=lambda text: parse_event_time(text, STRING)) == texts


def test_fractional_event_times_order_as_numbers_across_zero():
    texts = ["-1.5e9", "-10", "-9.5", "-0.25", "0", "1e-9", "9", "10", "1.7e9"]
    assert sorted(texts, key=lambda text: parse_event_time(text, FRACTIONAL)) == texts


def test_a_fractional_key_knows_its_instant():
    key = parse_event_time("-1.25", FRACTIONAL)
    assert event_time_nanos(key, FRACTIONAL) == -1_250_000_000


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (1_500_000_000, "1970-01-01T00:00:01.500Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (-62_167_219_200 * 10**9, "0000-01-01T00:00:00Z"),
        (10**24, "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_an_instant_is_shown_with_the_digits_it_needs(nanos, text):
    assert nanos_to_iso(nanos) == text
