"""The sweep over a function's memory: a model, held by what it must say."""

import orjson

from benchmarks.memory_sweep import cpu_of, table
from benchmarks.report import RESULTS
from larder.cost.price_list import PriceList
from larder.cost.terms import VCPU_MB

CPU = {
    "import of the read function": 100.0,
    "GetRecord 1x10": 0.1,
    "BatchGetRecord 100x30": 2.0,
    "PutRecord 1x10": 0.1,
    "BatchWriteRecord 25x10": 3.0,
}


def rows(memories):
    lines = list(table(CPU, PriceList.read(), memories))[2:]
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]


def test_less_memory_is_slower_by_its_share_of_a_cpu_and_cheaper_where_one_waits():
    half, full = rows([VCPU_MB // 2, VCPU_MB])
    assert half[1:5] == ["0.50", "200 ms", "5 ms, $0.058", "11 ms, $0.127"]
    assert full[1:5] == ["1.00", "100 ms", "5 ms, $0.115", "8 ms, $0.184"]


def test_more_than_one_cpu_is_paid_and_not_used():
    full, more = rows([VCPU_MB, 3008])
    assert more[1:3] == full[1:3]
    assert more[3].split(",")[0] == full[3].split(",")[0]
    assert more[3] != full[3]


def test_the_last_benchmark_has_every_row_that_the_sweep_wants():
    parts = orjson.loads(RESULTS.read_bytes()).values()
    assert cpu_of(row for part in parts for row in part["rows"]).keys() == CPU.keys()
