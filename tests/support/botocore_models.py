"""botocore's descriptions of services, parsed once in a process of the tests.

Each test has a session of its own, and each session would parse them anew: a quarter of the time of
tests that talk to moto. Sessions that share a loader share what a session's own clients share.
"""

import botocore.session
from botocore.loaders import create_loader


def share():
    """Let all sessions that name no folder of their own use one loader."""
    shared = create_loader()

    def loader_of(search_path=None):
        return create_loader(search_path) if search_path else shared

    botocore.session.create_loader = loader_of
