"""Where a Valkey server is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from larder.errors import ConfigurationError


@dataclass(frozen=True, slots=True, order=True)
class ValkeyEndpoint:
    """A server; ``ca_bundle`` is a file of certificates to trust instead of the system's."""

    host: str
    port: int
    tls: bool = True
    ca_bundle: str | None = None

    @classmethod
    def at(cls, address: str, *, tls: bool, ca_bundle: str | None = None) -> ValkeyEndpoint:
        """The endpoint of ``host:port``; an IPv6 address stands in brackets.

        Raises:
            ConfigurationError: it is not of that form.
        """
        host, _, port = address.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            host = ""
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise ConfigurationError(f"Valkey's address {address!r} is not of the form host:port.")
        return cls(host, int(port), tls, ca_bundle)

    def beside(self, host: str, port: int) -> ValkeyEndpoint:
        """Another node of the same cluster; it is reached in the same way."""
        return replace(self, host=host, port=port)
