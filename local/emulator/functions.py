"""Lambda functions: started as on AWS, and failing as on AWS.

- Those in Python run on an interpreter of their own that has boto3 and nothing else of the
  emulator. Those of the CDK run on the Node that the CDK itself runs on.
- A layer is unpacked once and shared, compiled files included, instead of once for every process. A
  layer of 100 MB costs seconds each time.
- A failed invocation reports the exception's class and stack, which Step Functions and callers
  match on; ministack reports ``Runtime.HandlerError`` for all.
- A handler that logs nothing does not cost 50 ms more.
"""

import contextvars
import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_EXCEPTION = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")
_HEADER = "Traceback (most recent call last):"
_trace: contextvars.ContextVar[str | None] = contextvars.ContextVar("trace", default=None)


def install(python: str, node: str) -> None:
    """Replace how workers are started, waited for and read; ``python`` and ``node`` are paths."""
    detect = lambda_runtime._detect_runtime_binary
    ours = {"node": node, sys.executable: python}

    def with_interpreter(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return ours.get(binary, binary), script

    lambda_runtime._detect_runtime_binary = with_interpreter
    _share_layers()
    _report_exceptions()
    _stop_waiting_for_silence()


def exception_of(trace: str) -> tuple[str, list[str]] | None:
    """Class name and stack lines of the last exception in a formatted traceback."""
    lines = trace.rstrip().split("\n")
    if _HEADER not in lines:
        return None
    tail = lines[len(lines) - lines[::-1].index(_HEADER) :]
    stack = [line + "\n" for line in tail if line.startswith(" ")]
    match = next((m for line in tail if (m := _EXCEPTION.match(line))), None)
    return (match.group(1).rsplit(".", 1)[-1], stack) if match else None


def _report_exceptions() -> None:
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def noting(worker: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        response: dict[str, Any] = invoke(worker, *args, **kwargs)
        _trace.set(response.get("trace"))
        return response

    def naming(function: dict[str, Any], event: object, request_id: str) -> dict[str, Any]:
        _trace.set(None)
        result: dict[str, Any] = execute(function, event, request_id)
        failure = exception_of(_trace.get() or "")
        if result.get("error") and failure:
            result["body"]["errorType"], result["body"]["stackTrace"] = failure
            result["body"]["requestId"] = request_id
        return result

    lambda_runtime.Worker.invoke = noting
    lambda_svc._execute_function_warm = naming


def _share_layers() -> None:
    spawn = lambda_runtime.Worker._spawn

    def spawn_with_shared_layers(worker: Any) -> None:
        full = worker.config
        trees = [_layer_tree(layer) for layer in full.get("Layers") or []]
        variables = (full.get("Environment") or {}).get("Variables") or {}
        worker.config = {
            **full,
            "Layers": [],
            "Environment": {
                "Variables": {**variables, "_LAMBDA_LAYERS_DIRS": os.pathsep.join(trees)}
            },
        }
        try:
            spawn(worker)
        finally:
            worker.config = full

    lambda_runtime.Worker._spawn = spawn_with_shared_layers


def _layer_tree(layer: str | dict[str, Any]) -> str:
    """The directory of an unpacked layer, made when its content is met for the first time."""
    content = lambda_svc._resolve_layer_zip(layer)
    if not content:
        message = f"layer {layer} has no content"
        raise RuntimeError(message)
    shared = Path(tempfile.gettempdir()) / "layers"
    tree = shared / hashlib.sha256(content).hexdigest()
    if not tree.exists():
        shared.mkdir(exist_ok=True)
        staging = tempfile.mkdtemp(dir=shared)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(staging)
        try:
            Path(staging).replace(tree)
        except OSError:  # another function's start was quicker: its tree is the same
            if not tree.is_dir():
                raise
            shutil.rmtree(staging)
    return str(tree)


def _stop_waiting_for_silence() -> None:
    drain = lambda_runtime.Worker._drain_stderr_bounded

    def briefly(worker: Any) -> str:
        logged: str = drain(worker, first_line_wait=0.004, idle_confirm=0.002)
        return logged

    lambda_runtime.Worker._drain_stderr_bounded = briefly
