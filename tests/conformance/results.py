"""What the run showed of each row: gathered from the tests' names, printed, and written as JSON."""

import json
import re
from importlib.metadata import version
from pathlib import Path

from tests.conformance.checklist import rows

_ROWS = re.compile(r"test_row_(\d{3}(?:_\d{3})*)_")
_CLIENTS = {
    "test_sdk2.py": "sagemaker v2",
    "test_sdk3.py": "sagemaker v3",
    "test_notebooks.py": "sagemaker v2 and v3",
    "test_models_sdk2.py": "sagemaker v2",
    "test_models_sdk3.py": "sagemaker v3",
    "test_models_packages_sdk2.py": "sagemaker v2",
    "test_models_packages_sdk3.py": "sagemaker v3",
    "test_models_mlflow.py": "MLflow",
}
_IN_PROCESS = {test: row.row for row in rows().values() for test in row.in_process}


def rows_of(nodeid):
    """Numbers of the rows that a test is about."""
    named = _ROWS.search(nodeid)
    if named:
        return [int(number) for number in named[1].split("_")]
    of_process = _IN_PROCESS.get(nodeid.partition("[")[0])
    return [of_process] if of_process else []


def client_of(nodeid):
    """The client family that a test drives."""
    file = nodeid.partition("::")[0]
    if not file.startswith("tests/conformance/"):
        return "in process"
    return _CLIENTS.get(Path(file).name, "boto3")


class Recorder:
    """A pytest plugin that keeps the outcome of every test about a row."""

    def __init__(self, target, path):
        self.target, self.path = target, path
        self.tests = {}

    def pytest_runtest_logreport(self, report):
        numbers = rows_of(report.nodeid)
        if not numbers:
            return
        kept = self.tests.setdefault(
            report.nodeid, {"rows": numbers, "outcome": "passed", "seconds": 0.0, "detail": ""}
        )
        kept["seconds"] += report.duration
        if report.outcome != "passed" and kept["outcome"] != "failed":
            kept["outcome"] = report.outcome
            kept["detail"] = _reason(report)

    def pytest_terminal_summary(self, terminalreporter):
        if all(client_of(nodeid) == "in process" for nodeid in self.tests):
            return  # no run of the suite: its evidence elsewhere ran among other tests
        found = self.as_json()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        terminalreporter.section("SageMaker, row by row")
        for line in table(found):
            terminalreporter.write_line(line)
        terminalreporter.write_line(f"written to {self.path}")

    def as_json(self):
        """The whole run."""
        return {
            "target": "sagemaker" if self.target.sagemaker else "larder",
            "endpoint": self.target.endpoint,
            "boto3": version("boto3"),
            "rows": [self._row(row) for row in rows().values()],
        }

    def _row(self, row):
        tests = [
            {
                "test": nodeid,
                "client": client_of(nodeid),
                "outcome": kept["outcome"],
                "seconds": round(kept["seconds"], 2),
                "detail": kept["detail"],
            }
            for nodeid, kept in sorted(self.tests.items())
            if row.row in kept["rows"]
        ]
        return {"row": row.row, "result": result(row, tests), "tests": tests}


def result(row, tests):
    """The row's result: that of its tests, or why there is none."""
    outcomes = {test["outcome"] for test in tests}
    if "failed" in outcomes:
        return "failed"
    if row.missing:
        return "missing"
    if "passed" in outcomes:
        return "passed"
    if row.later:
        return "later"
    return "skipped" if tests else "not run"


def table(found):
    """The run as lines: one a row, then the sums."""
    yield f"{'row':>4}  {'area':<14} {'level':<5}  {'result':<8} {'clients':<34} evidence"
    for each in found["rows"]:
        row = rows()[each["row"]]
        clients = ", ".join(dict.fromkeys(test["client"] for test in each["tests"]))
        first = each["tests"][0]["test"].rpartition("::")[2] if each["tests"] else ""
        more = f" +{len(each['tests']) - 1}" if len(each["tests"]) > 1 else ""
        evidence = first + more or row.later or row.missing
        yield f"{row.row:>4}  {row.area:<14} {row.level:<5}  {each['result']:<8} {clients:<34} {evidence}"
    yield ""
    yield from sums(found)


def sums(found):
    """How many rows of each level have each result."""
    for level in "MSBO":
        results = [each["result"] for each in found["rows"] if rows()[each["row"]].level == level]
        counts = {name: results.count(name) for name in dict.fromkeys(results)}
        yield f"level {level}: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))


def _reason(report):
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else str(report.longrepr)).splitlines()[0][:300]
