"""A constructor stores what it is given: it connects, sends, reads and starts nothing.

So an object graph can be built anywhere: at a cold start, in a snapshot, in a test.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSTRUCTORS = {"__init__", "__post_init__", "__new__"}
IO = {
    *("connect", "create_connection", "getaddrinfo", "wrap_socket", "socket", "urlopen"),
    *("send", "sendall", "sendto", "recv", "recv_into", "request", "exchange", "call", "acquire"),
    *("start", "submit", "run", "Popen", "sleep", "wait"),
    *("open", "open_rows", "read", "read_text", "read_bytes", "write", "write_text", "unlink"),
    *("mkdir", "glob", "iterdir", "get_object", "put_object", "load_table", "client", "query"),
}
# in the process's own memory
ALLOWED = {("Packer", "duckdb.connect")}


def io_in_constructors(source):
    """Class and call, of constructors and of the methods of their own that they call."""
    for owner in ast.walk(ast.parse(source)):
        if not isinstance(owner, ast.ClassDef):
            continue
        methods = {node.name: node for node in owner.body if isinstance(node, ast.FunctionDef)}
        todo, seen = [name for name in methods if name in CONSTRUCTORS], set()
        while todo:
            name = todo.pop()
            seen.add(name)
            for call in calls(methods[name]):
                text = ast.unparse(call.func)
                own = text.removeprefix("self.")
                if text != own and own in methods:
                    todo += [own] if own not in seen else []
                elif text.rpartition(".")[2] in IO:
                    yield owner.name, text


def calls(function):
    """The calls that a function makes, those of its default arguments and lambdas left out."""
    todo = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.Call):
            yield node
        todo += ast.iter_child_nodes(node)


def test_constructors_do_no_io():
    sources = [
        path for package in ("larder", "lambdas") for path in sorted((ROOT / package).rglob("*.py"))
    ]
    assert len(sources) > 200
    found = {
        (path.relative_to(ROOT).as_posix(), *each)
        for path in sources
        for each in io_in_constructors(path.read_text())
    }
    assert {each for each in found if each[1:] not in ALLOWED} == set()


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ("self.s = socket.create_connection(a)", ["socket.create_connection"]),
        ("Thread(target=f).start()", ["Thread(target=f).start"]),
        ("self._prepare()", ["self._link.send"]),
        ("with open(p) as f: self.rows = f.read()", ["f.read", "open"]),
        ("self.later = lambda: open(p)", []),
        ("self.lock = Lock()", []),
    ],
)
def test_each_way_is_seen(body, calls):
    source = f"class C:\n def __init__(self):\n  {body}\n def _prepare(self):\n  self._link.send(1)"
    assert sorted(call for _, call in io_in_constructors(source)) == calls
