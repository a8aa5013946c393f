"""Which tests go to one worker, and which begin first, when the suite runs on several workers.

A worker takes whole groups of tests. Tests of a module are one group, since they share its
fixtures; so are the modules that share a fixture of the session which takes seconds to make.
"""

from xdist.scheduler import LoadScopeScheduling

_TOGETHER = {
    "tests/infra/": "one synthesized app",
    "tests/contract/athena/": "one local Athena over one moto server",
    "tests/contract/training_set/": "one local Athena over one moto server, and its tables",
    "tests/e2e/test_emulator_": "one stack beside Larder's",
    "tests/e2e/test_ingestion.py": "the deployed Valkey, which a test empties",
    "tests/e2e/test_memory_tier.py": "the deployed Valkey, which a test empties",
}
"""Prefixes of test files, by what they share: files that share the same are one group."""

_APART = ("tests/conformance/test_datasets.py[",)
"""Modules whose cases share nothing: each case, named in brackets, is a group."""

_FIRST = (
    "tests/conformance/test_datasets",
    "tests/conformance/test_models_mlflow",
    "tests/conformance/test_models_sdk",
    "tests/conformance/test_sdk",
    "tests/faults/",
    "tests/infra/",
    "tests/e2e/",
    "tests/contract/",
    "tests/properties/",
)
"""What takes longest begins first, so that no worker is left alone with it at the end. The deployed
platform comes up meanwhile, see ``strict_platform.py``: its tests are not the very first."""


def group_of(nodeid: str) -> str:
    """The group that a test belongs to."""
    path, _, test = nodeid.partition("::")
    case = f"{path}[{test.partition('[')[2]}"
    if case.startswith(_APART):
        return case
    shared = (name for prefix, name in _TOGETHER.items() if path.startswith(prefix))
    return next(shared, path)


def place_of(nodeid: str) -> int:
    """The order in which groups begin; those of one place begin in the order of collection."""
    places = (n for n, folder in enumerate(_FIRST) if nodeid.startswith(folder))
    return next(places, len(_FIRST))


class GroupScheduling(LoadScopeScheduling):
    """Gives each worker the next whole group as it comes to the end of the last one."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
