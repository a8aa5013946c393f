"""What is sent: RESP, endpoints, scripts."""

from hashlib import sha1

import pytest

from larder.errors import ConfigurationError
from larder.valkey import Script, ValkeyEndpoint
from larder.valkey.requests import (
    auth_request,
    delete_requests,
    get_requests,
    load_request,
    script_requests,
)

SCRIPT = Script("return 'ä'")


def test_requests_are_arrays_of_bulk_strings():
    digest = sha1(SCRIPT.text.encode()).hexdigest().encode()
    assert get_requests([b"a\r\n", b""]) == [
        b"*2\r\n$3\r\nGET\r\n$3\r\na\r\n\r\n",
        b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n",
    ]
    assert delete_requests([b"key"]) == [b"*2\r\n$3\r\nDEL\r\n$3\r\nkey\r\n"]
    assert script_requests(SCRIPT, [(b"key", [b"\0\xff", b""])]) == [
        b"*6\r\n$7\r\nEVALSHA\r\n$40\r\n%b\r\n$1\r\n1\r\n$3\r\nkey\r\n$2\r\n\0\xff\r\n$0\r\n\r\n" % digest
    ]  # fmt: skip
    assert load_request(SCRIPT) == (
        b"*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$11\r\nreturn '\xc3\xa4'\r\n"
    )
    assert auth_request("u", "é") == b"*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$2\r\n\xc3\xa9\r\n"


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:6379", "127.0.0.1", 6379),
        ("cache.example.com:1", "cache.example.com", 1),
        ("[::1]:65535", "::1", 65_535),
    ],
)
def test_an_endpoint_is_host_and_port(address, host, port):
    assert ValkeyEndpoint.at(address, tls=False) == ValkeyEndpoint(host, port, tls=False)


@pytest.mark.parametrize(
    "address", ["", "host", "host:", ":6379", "host:0", "host:65536", "host:x", "::1:6379", "h:²"]
)
def test_an_endpoint_that_is_none_is_refused_with_its_form(address):
    with pytest.raises(ConfigurationError, match="host:port"):
        ValkeyEndpoint.at(address, tls=True)
