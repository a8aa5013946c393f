"""What a pipeline's statement gives on DuckDB is what its rules say, read literally."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.sql.statement import Shape
from tests.support.examples import examples
from tests.support.pipelines import all_functions, expected, on_duckdb, pipeline, random_stream

SEEDS = st.integers(0, 10**6)
WINDOWS = {0: (HOUR, DAY, 7 * DAY), HOUR: (HOUR, DAY), 6 * HOUR: (DAY,), DAY: (DAY, 7 * DAY)}


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("hop", WINDOWS)
@examples(0.1)
@given(SEEDS)
def test_every_function_is_as_its_rules_say(hop, shape, seed):
    asked = pipeline(all_functions(WINDOWS[hop]), hop)
    stream = random_stream(seed, hop)
    found = on_duckdb(asked, stream.events, stream.interval, shape)
    assert found == expected(asked, stream.events, stream.interval)
