"""Which requests a web page sent that is open in this machine's browser, and may not send.

Every page that a browser shows can send requests to ports of the loopback interface. They need no
credentials and no preflight (``fetch`` with ``text/plain``, a form, an image). It can also give its
own name this machine's address (DNS rebinding) and then read the answers. A browser says what it
does: ``Host`` is the name that the page used, ``Origin`` the page's own origin. ``Sec-Fetch-Site``
says how the two are related. AWS clients send a local ``Host`` and neither of the others.

Source: the Fetch standard ("Origin" header) and the W3C's Fetch Metadata Request Headers.
"""

import re
from collections.abc import Collection, Mapping

_HOST = re.compile(r"(\[::1\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
# S3 and API Gateway name buckets and APIs in front of a host's name. Only AWS can point a name
# under cloudfront.net anywhere; the emulator answers for its own distributions there.
_SUFFIXES = (".localhost", ".cloudfront.net")
_OUR_OWN = {"", "same-origin", "none"}


def refusal(headers: Mapping[str, str], *, origins: Collection[str] = ()) -> str | None:
    """Why a request is refused; None where a program or a page of this platform sent it.

    Args:
        headers: The request's headers, names in lower case.
        origins: Foreign origins that the addressed resource names in its own CORS configuration.
    """
    host = headers.get("host", "")
    if not _is_local(host):
        return (
            f"Host {host!r} is not a name of this machine: a web page may have given it one. "
            "Use 127.0.0.1 or localhost"
        )
    origin = headers.get("origin")
    if origin is not None:
        if _is_of(origin, host) or origin in origins:
            return None
        return f"Origin {origin!r} is a web page of another site, which may not use this platform"
    site = headers.get("sec-fetch-site", "")
    if site not in _OUR_OWN:
        return f"a web page of another site sent this (Sec-Fetch-Site: {site})"
    return None


def _is_local(host: str) -> bool:
    found = _HOST.fullmatch(host)
    name = found[1].lower() if found else ""
    return name in _LOOPBACK or name.endswith(_SUFFIXES)


def _is_of(origin: str, host: str) -> bool:
    """Whether a page of ``origin`` was itself served at ``host``."""
    scheme, _, rest = origin.partition("://")
    return scheme in ("http", "https") and rest.lower() == host.lower()
