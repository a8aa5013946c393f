"""A machine's definition run in this process: what pipelines and predictions need of the language."""

from larder.errors import LarderError


class ExecutionFailed(Exception):
    """The machine came to a state that fails: its error and its cause."""


def run_machine(definition, given, call, execution="execution"):
    """The output of the machine; ``call(resource, parameters)`` is a task.

    A LarderError of a task is caught as the state says. Everything else kills the execution.
    """
    return _run(definition, given, call, {"Execution": {"Id": execution}})


def _run(machine, data, call, context):
    name = machine["StartAt"]
    while True:
        state = machine["States"][name]
        try:
            data, name = _step(state, data, call, context)
        except LarderError as error:
            if "Catch" not in state:
                raise
            (catch,) = state["Catch"]
            told = {"Error": type(error).__name__, "Cause": str(error)}
            data, name = _placed(catch["ResultPath"], data, told), catch["Next"]
        if name is None:
            return data


def _step(state, data, call, context):
    following = state.get("Next")
    match state["Type"]:
        case "Choice":
            fits = [c for c in state["Choices"] if _at(c["Variable"], data) == c["BooleanEquals"]]
            return data, fits[0]["Next"] if fits else state["Default"]
        case "Pass":
            if "Parameters" in state:
                return _all_filled(state["Parameters"], data, context), following
            return state["Result"], following
        case "Fail":
            told = _at(state["ErrorPath"], data), _at(state["CausePath"], data)
            raise ExecutionFailed(*told)
        case "Map":
            result = [
                _run(state["ItemProcessor"], _selected(state, data, each, context), call, context)
                for each in _at(state["ItemsPath"], data)
            ]
        case "Task":
            parameters = _all_filled(state["Parameters"], data, context)
            result = call(state["Resource"], parameters)
    return _placed(state.get("ResultPath", "$"), data, result), following


def _selected(state, data, item, context):
    """The input of an item's own states."""
    if "ItemSelector" not in state:
        return item
    of_item = {**context, "Map": {"Item": {"Value": item}}}
    return _all_filled(state["ItemSelector"], data, of_item)


def _all_filled(template, data, context):
    return {
        key.removesuffix(".$"): _filled(key, value, data, context)
        for key, value in template.items()
    }


def _filled(key, value, data, context):
    if not key.endswith(".$"):
        return value
    return _at(value[1:], context) if value.startswith("$$") else _at(value, data)


def _at(path, data):
    for part in path.split(".")[1:]:
        data = data[part]
    return data


def _placed(path, data, result):
    return result if path == "$" else {**data, path.removeprefix("$."): result}
