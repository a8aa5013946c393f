"""A state machine's definition run in this process: what pipelines need of States Language."""

from larder.errors import LarderError


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
            return state["Result"], following
        case "Map":
            items = _at(state["ItemsPath"], data)
            inner = state["ItemProcessor"]
            result = [_run(inner, each, call, context) for each in items]
        case "Task":
            parameters = {
                key.removesuffix(".$"): _filled(key, value, data, context)
                for key, value in state["Parameters"].items()
            }
            result = call(state["Resource"], parameters)
    return _placed(state.get("ResultPath", "$"), data, result), following


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
