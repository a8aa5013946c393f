"""The target, its clients, and the groups that tests share; results are gathered row by row."""

from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.conformance.checklist import rows
from tests.conformance.model_store import ModelStore, variant
from tests.conformance.offline import Offline
from tests.conformance.results import Recorder, rows_of
from tests.conformance.store import FEATURES, Store
from tests.conformance.target import Target

_OPTION = "--conformance-results"
_RECORDER = "conformance-results"


def pytest_addoption(parser):
    parser.addoption(
        _OPTION, default="build/conformance.json", help="where the results go, as JSON"
    )


def pytest_configure(config):
    if config.pluginmanager.has_plugin(_RECORDER):
        return
    path = Path(config.getoption(_OPTION, "build/conformance.json"))
    config.pluginmanager.register(Recorder(Target.from_environment(), path), _RECORDER)


def pytest_collection_modifyitems(items):
    for item in items:
        if not item.nodeid.startswith("tests/conformance/"):
            continue
        item.add_marker(pytest.mark.conformance)


@pytest.fixture(autouse=True)
def _no_account():
    """Elsewhere tests get an environment that reaches no account; here it names the target."""


@pytest.fixture(scope="session")
def target(request):
    target = request.config.pluginmanager.get_plugin(_RECORDER).target
    if target.missing:
        pytest.exit(f"the target is not named: set {', '.join(target.missing)}", returncode=4)
    return target


@pytest.fixture(autouse=True)
def _asked_of_whom_it_may_concern(request, target):
    """Rows about Larder alone are not asked of SageMaker."""
    numbers = rows_of(request.node.nodeid)
    if target.sagemaker and numbers and all(rows()[number].is_larders for number in numbers):
        pytest.skip("says nothing about SageMaker")


@pytest.fixture(scope="session")
def store(target):
    """Clients; the groups made by them go when the run ends."""
    store = Store(target)
    yield store
    if not target.keep_groups:
        for name in store.made:
            with suppress(ClientError):  # gone already, or never made
                store.sm.delete_feature_group(FeatureGroupName=name)


@pytest.fixture(scope="session")
def offline(store):
    return Offline(store)


@pytest.fixture(scope="session")
def models(store, target):
    """Models and endpoints; the endpoints made by them go when the run ends."""
    models = ModelStore(store)
    yield models
    if not target.keep_groups:
        for name in models.endpoints:
            with suppress(ClientError):
                models.sm.delete_endpoint(EndpointName=name)


@pytest.fixture(scope="session")
def regression(models):
    """A model of three columns, by the built-in XGBoost."""
    return models.model()


@pytest.fixture(scope="session")
def endpoint(models, regression):
    """An endpoint of one variant that serves ``regression``."""
    return models.serve(variant(regression))


@pytest.fixture(scope="session")
def group(store):
    """A Standard group with both stores; each test has identifiers of its own."""
    return store.create("both", offline=True)


@pytest.fixture(scope="session")
def arn(store, group):
    return store.sm.describe_feature_group(FeatureGroupName=group)["FeatureGroupArn"]


@pytest.fixture(scope="session")
def v2_group(store):
    """A Standard_V2 group with both stores."""
    return store.create("v2", online={"StorageType": "Standard_V2"}, offline=True)


@pytest.fixture(scope="session")
def online_group(store):
    """A group without an offline store."""
    return store.create("online")


@pytest.fixture(scope="session")
def offline_group(store):
    """A group without an online store."""
    return store.create("offline", online=False, offline=True)


@pytest.fixture(scope="session")
def fractional_group(store):
    """A group whose event time is Unix seconds."""
    return store.create("fractional", features={**FEATURES, "at": "Fractional"})


@pytest.fixture
def key(request, store):
    """An identifier of this test alone."""
    return store.name(request.node.name[:60])


@pytest.fixture
def gave(told):
    """What a step of the module's program (``told``) gave; its traceback where it failed."""

    def gave(step):
        outcome = told["steps"][step]
        assert "failed" not in outcome, outcome["failed"]
        return outcome["gave"]

    return gave
