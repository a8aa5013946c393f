"""The address of an AWS service."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from larder.errors import ConfigurationError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server, and the region that requests to it are signed for.

    ``authority`` is the ``Host`` header; ``ca_bundle`` a file of certificates to trust instead of
    the system's.
    """

    host: str
    port: int
    tls: bool
    region: str
    ca_bundle: str | None = None

    @classmethod
    def at(cls, url: str, region: str, ca_bundle: str | None = None) -> Endpoint:
        """The endpoint of a URL.

        Raises:
            ConfigurationError: the URL is not http(s)://host[:port].
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
            raise ConfigurationError(
                f"The endpoint {url!r} of an AWS service is not of the form http(s)://host[:port]."
            )
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.hostname, port, parts.scheme == "https", region, ca_bundle)

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"
        )
