"""Which certificates a server's own must come from.

Reading the system's (some 140) takes 16 to 20 ms of CPU, at every cold start. AWS's endpoints have
theirs from five roots, which take 0.6 ms. A server's may come from elsewhere (a partition with
another authority, a proxy that looks into TLS). Then the system's are read at the first connection:
in the end a server is trusted exactly where the system trusts it or Amazon vouches for it.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from typing import TypeVar

from larder.aws.amazon_roots import AMAZON_ROOTS

T = TypeVar("T")
_CHOSEN = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""OpenSSL's own variables; where one is set, it alone says whom to trust."""


class Trust:
    """The context of TLS connections; ``context`` changes once at most, by ``widen``."""

    def __init__(self, ca_bundle: str | None, env: Mapping[str, str] = os.environ) -> None:
        """Trust the certificates of a file, or else Amazon's.

        Raises:
            FileNotFoundError, ssl.SSLError: there is no such file, or it holds no certificates.
        """
        self._narrow = ca_bundle is None and not any(env.get(name) for name in _CHOSEN)
        roots = AMAZON_ROOTS if self._narrow else None
        self.context = ssl.create_default_context(cafile=ca_bundle, cadata=roots)

    def widen(self) -> bool:
        """Trust the system's certificates instead of Amazon's alone.

        Returns whether that changed anything, so that it is worth another try.
        """
        if not self._narrow:
            return False
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=AMAZON_ROOTS)
        self.context, self._narrow = context, False
        return True

    def connect(self, attempt: Callable[[ssl.SSLContext], T]) -> T:
        """What ``attempt`` opens, tried again by the system's certificates where Amazon's fail.

        Raises:
            ssl.SSLCertVerificationError: the server's certificate comes from neither.
        """
        context = self.context
        try:
            return attempt(context)
        except ssl.SSLCertVerificationError:
            self.widen()
            if self.context is context:  # neither this thread nor another has widened it
                raise
            return attempt(self.context)
