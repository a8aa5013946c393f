"""What a stage's pipelines do in a month, for ``larder cost``: looks, runs, states and calls."""

from dataclasses import asdict
from typing import Any, Final

from larder.cost.bills import HOURS
from larder.cost.terms import DeclaredPipeline, Steps
from larder.pipelines.definition import Pipeline
from larder.pipelines.durations import HOUR
from larder.pipelines.runs.due import unit
from stacks.pipeline_machine import Spark, definition
from stacks.states import State

_FUNCTIONS: Final = ("steps", "publisher")
_SPARK: Final = Spark("job", seconds=1)
_AGES: Final = HOURS * 12
"""A function tells the age of the data every five minutes where a pipeline has ``freshness``."""


def use_of(pipelines: list[Pipeline], memory_mb: int) -> dict[str, Any]:
    """As ``python -m stacks`` prints it."""
    machine = definition(*_FUNCTIONS)
    chunks = (each["States"]["Chunks"] for each in (machine, definition(*_FUNCTIONS, _SPARK)))
    chunk, spark_chunk = (each["ItemProcessor"] for each in chunks)
    return {
        "memory_mb": memory_mb,
        "look": asdict(steps_of(machine)),
        "run": asdict(steps_of(chunk)),
        "spark_run": asdict(steps_of(spark_chunk)),
        "ages": _AGES if any(each.freshness for each in pipelines) else 0,
        "declared": [asdict(month_of(each)) for each in pipelines],
    }


def month_of(pipeline: Pipeline) -> DeclaredPipeline:
    """A pipeline's month, without late events and repetitions.

    A look by ``cron`` is taken to come once a step: how often an expression is due is not computed.
    """
    step, schedule = unit(pipeline), pipeline.schedule
    every = schedule.every or (step if schedule.cron else None)
    looks = _times(every)
    return DeclaredPipeline(
        name=pipeline.group,
        engine=str(pipeline.engine),
        looks=looks,
        runs=min(looks, _times(step)),
        comparisons=_times(pipeline.consistency.every if pipeline.consistency else None),
    )


def steps_of(machine: State) -> Steps:
    """The longest way through a machine on which nothing fails; what a Map repeats is apart."""
    found = _longest(machine["States"], machine["StartAt"], frozenset())
    return Steps(transitions=found[0], functions=found[1])


def _longest(states: State, name: str, seen: frozenset[str]) -> tuple[int, int]:
    """States and calls from one state on; a state that is waited in counts once."""
    state, seen = states[name], seen | {name}
    nexts = [each["Next"] for each in state.get("Choices", ())]
    nexts += [state[member] for member in ("Default", "Next") if member in state]
    ways = [_longest(states, each, seen) for each in nexts if each not in seen]
    transitions, functions = max(ways, default=(0, 0))
    return transitions + 1, functions + (state.get("Resource") in _FUNCTIONS)


def _times(every: int | None) -> float:
    """How often in a month, by its distance in microseconds."""
    return 0.0 if every is None else HOURS * HOUR / every
