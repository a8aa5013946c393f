"""What all tests share: no test reaches AWS or depends on the caller's environment."""

import os

import pytest

_KEPT = ("AWS_DATA_PATH",)


@pytest.fixture(autouse=True)
def _no_account(monkeypatch):
    """Replace the caller's AWS settings by ones that open no door."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "LARDER_")) and name not in _KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
