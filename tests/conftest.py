"""What all tests share: no test reaches AWS or depends on the caller's environment or on the clock."""

import gc
import os

import boto3
import pytest
from hypothesis import settings

from tests.support import botocore_models
from tests.support.distribution import GroupScheduling, place_of
from tests.support.rights import RightsTried
from tests.support.strict_platform import SharedPlatform

# Hypothesis: no example has a deadline, since a busy machine is no fault of the code. Everybody's
# runs draw examples of their own, and so find more; a run of CI draws the same ones again, and so
# fails for what changed. ``--hypothesis-profile`` names another profile.
settings.register_profile("larder", deadline=None)
settings.register_profile(
    "ci", settings.get_profile("larder"), derandomize=True, database=None, print_blob=True
)
settings.register_profile("soak", settings.get_profile("larder"), max_examples=1000)
settings.load_profile("ci" if os.environ.get("CI") else "larder")


def pytest_configure(config):
    gc.set_threshold(200_000, 50, 50)  # collecting tests makes many objects, which all stay
    botocore_models.share()
    config.pluginmanager.register(SharedPlatform(config), SharedPlatform.NAME)
    config.pluginmanager.register(RightsTried())


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place_of(item.nodeid))


def pytest_collection_finish(session):
    """Leave thousands of collected tests out of what the collector looks through again and again.

    They stay until the end. Looking at them took a seventh of the processor's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return GroupScheduling(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.fixture(autouse=True)
def _no_account(monkeypatch):
    """Replace the caller's AWS settings by ones that reach no account.

    boto3's own session is made anew too: it would keep the credentials of the test that was first.
    """
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in list(os.environ):
        if name.startswith(("AWS_", "LARDER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
