"""A month's bill: anchors that were worked out by hand, and what the command prints and refuses."""

from dataclasses import replace

import orjson
import pytest

from larder.cli.main import main
from larder.cost.bills import Biller
from larder.cost.price_list import OURS, PriceList
from larder.cost.terms import Function, Standing, Workload, billed_ms

PRICES = PriceList.read()
FUNCTION = Function(memory_mb=512, get_ms=6, put_ms=6, batch_get_ms=24, batch_write_ms=24)
API, URL = "API Gateway, one record a request", "Function URL, one record a request"
BATCH = "API Gateway, batches of 100 and 25"
STRONG, EVENTUAL = (f"direct to DynamoDB, {how} reads" for how in ("strong", "eventual"))
TIER = "direct, in-memory tier before DynamoDB"
SAGEMAKER, LISTED = (
    f"SageMaker Feature Store, {how}" for how in ("remembered prices", "a community's list")
)
MONTHS = {
    # reads and writes in millions, GB: dollars by endpoint, the in-memory tier with 10 % and all of it
    (5, 2, 1): (4.2, 24.1, 1.81, 8.01, 3.01, 1.88, 7.67, 62.84),
    (300, 100, 20): (209, 1279, 86.25, 458, 158, 90.3, 193, 1295),
    (10_000, 2_000, 200): (5090, 32_490, 1925, 14_325, 4325, 2061, 2612, 13_592),
}


def dollars(use, function=FUNCTION, standing=None):
    biller = Biller(PRICES.prices, function, standing or Standing())
    return {bill.door: bill.usd for bill in biller.bills(use)}


@pytest.mark.parametrize("month", MONTHS)
def test_the_anchors_of_three_scales_are_met_within_one_percent(month):
    # The anchors' assumptions: eventual reads, writes that go straight to DynamoDB.
    reads, writes, gb = month
    use = Workload(reads=reads, writes=writes, gb=gb, eventual=True, direct_writes=True)
    sagemaker, listed, direct, api, url, batch, hot, all_hot = MONTHS[month]
    found = dollars(use)
    expected = {
        SAGEMAKER: sagemaker,
        LISTED: listed,
        EVENTUAL: direct,
        API: api,
        URL: url,
        BATCH: batch,
        TIER: hot,
    }
    assert {door: found[door] for door in expected} == pytest.approx(expected, rel=0.01)
    everything = dollars(replace(use, hot_share=1, hit_rate=1))[TIER]
    assert everything == pytest.approx(all_hot, rel=0.01)


@pytest.mark.parametrize(
    ("use", "door", "anchor"),
    [
        (Workload(reads=1, writes=0, gb=0, eventual=True), API, 1.30),
        (Workload(reads=0, writes=1, gb=0), API, 1.88),
        (Workload(reads=1, writes=0, gb=0, eventual=True), URL, 0.30),
        (Workload(reads=1, writes=0, gb=0, eventual=True), BATCH, 0.076),
        (Workload(reads=0, writes=1, gb=0), BATCH, 0.68),
        (Workload(reads=1, writes=0, gb=0), STRONG, 0.125),
        (Workload(reads=1, writes=0, gb=0), EVENTUAL, 0.0625),
        (Workload(reads=0, writes=1, gb=0), STRONG, 0.625),
    ],
)
def test_a_million_operations_cost_what_the_anchor_says(use, door, anchor):
    assert dollars(use)[door] == pytest.approx(anchor, rel=0.01)


@pytest.mark.parametrize(("kb", "read_units", "write_units"), [(1, 1, 1), (4, 1, 4), (50, 13, 50)])
def test_a_million_operations_at_1_4_and_50_kb_beside_sagemaker(kb, read_units, write_units):
    get, put = (
        dollars(Workload(reads=reads, writes=1 - reads, gb=0, record_kb=kb)) for reads in (1, 0)
    )
    assert (get[STRONG], put[STRONG]) == (0.125 * read_units, 0.625 * write_units)
    assert (get[SAGEMAKER], put[SAGEMAKER]) == (0.25 * read_units, 1.25 * write_units)
    # A request through API Gateway costs $1.24 whatever it carries, a hundredth of it little more.
    assert get[API] == pytest.approx(1.24 + get[STRONG])
    assert put[API] == pytest.approx(1.24 + put[STRONG])
    assert get[BATCH] < get[SAGEMAKER]


def test_larger_records_take_more_units():
    small, large = (
        dollars(Workload(reads=1, writes=1, gb=0, record_kb=kb))[STRONG] for kb in (1, 9)
    )
    assert (small, large) == pytest.approx((0.125 + 0.625, 3 * 0.125 + 9 * 0.625))


def test_what_stands_idle_is_on_every_bill_of_ours_and_on_none_of_sagemakers():
    standing = Standing(resources={"AWS::KMS::Key": 2, "AWS::CloudWatch::Alarm": 5, "X": 9})
    use = Workload(reads=1, writes=1, gb=1)
    with_it, without = dollars(use, standing=standing), dollars(use)
    more = {door: round(with_it[door] - without[door], 6) for door in with_it}
    assert (more.pop(SAGEMAKER), more.pop(LISTED)) == (0, 0)
    assert set(more.values()) == {2.5}


def test_kept_environments_and_snapshots_cost_by_memory_and_month():
    nothing = Workload(reads=0, writes=0, gb=0)
    half_gb_month = 0.5 * 730 * 3600 / 1e6  # millions of GB-seconds
    kept = dollars(nothing, standing=Standing(provisioned=3))[API]
    assert kept == pytest.approx(3 * half_gb_month * 3.3334)
    cached = dollars(nothing, standing=Standing(snapshots=True))[API]
    assert cached == pytest.approx(half_gb_month * 1.5046)


def test_more_memory_shortens_the_computing_and_not_the_waiting():
    assert [billed_ms(1.8, 6, memory) for memory in (128, 512, 1769, 3008)] == [31, 13, 8, 8]


def test_every_price_says_who_stated_it_and_when():
    for name, price in PRICES.prices.items():
        assert price.usd > 0, name
        assert price.source, name
        assert price.date[:2] == "20", name
        assert price.unconfirmed is ("://" not in price.source), name


def run(capsys, *arguments):
    status = main(["cost", *arguments])
    return status, capsys.readouterr()


def test_the_table_marks_what_rests_on_an_unconfirmed_price(capsys):
    status, printed = run(capsys, "--scale", "L")
    assert status == 0
    sums = {
        line[:48].strip(): line[48:].split()[0]
        for line in printed.out.splitlines()
        if line.startswith(("  ", "- ")) and "total" not in line
    }
    assert sums[SAGEMAKER] == "5,090.00?"
    assert sums[EVENTUAL] == "1,925.00"
    assert "left out: " in printed.out
    assert "10000 M records read, 2000 M written" in printed.out


def test_json_holds_the_question_the_bills_and_the_sources(capsys):
    status, printed = run(
        capsys,
        *("--json", "--reads", "300", "--writes", "100", "--gb", "20", "--eventual"),
        *("--direct-writes", "--function-ms", "6", "--batch-function-ms", "24"),
    )
    found = orjson.loads(printed.out)
    assert status == 0
    assert found["workload"]["reads"] == 300
    assert found["function"]["get_ms"] == 6
    (api,) = (bill for bill in found["bills"] if bill["door"] == API)
    assert api["usd"] == 458.25
    assert api["parts"]["door"] == 300
    assert found["prices"]["api_request"]["source"].startswith("https://")


def test_a_price_list_of_ones_own_is_taken(capsys, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(OURS.read_text().replace("usd: 0.625", "usd: 0.3125"))
    _, printed = run(capsys, "--json", "--prices", str(mine))
    direct = orjson.loads(printed.out)["bills"][5]
    assert direct["parts"]["writes"] == 31.25


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--reads", "-1"), "--reads: -1 must be at least 0"),
        (("--hit-rate", "1.5"), "--hit-rate: 1.5 must be at least 0 and at most 1"),
        (("--hot-share", "2"), "--hot-share: 2 must be"),
        (("--record-kb", "500"), "--record-kb: 500 must be at least 0 and at most 400"),
        (("--memory-mb", "64"), "--memory-mb: 64 must be 128 to 10240"),
        (("--prices", "/dev/null"), "prices: /dev/null is no price list"),
    ],
)
def test_a_number_that_can_not_be_is_refused_by_name(capsys, arguments, words):
    status, printed = run(capsys, *arguments)
    assert status == 2
    assert words in printed.err
