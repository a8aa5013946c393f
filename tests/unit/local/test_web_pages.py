"""Which requests a browser sends for a foreign page, told from those of programs."""

import pytest

from local.emulator.letter_case import as_in_the_api
from local.web_pages import refusal

OURS = "127.0.0.1:4566"
CONSOLE = "https://d111.cloudfront.net"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": OURS},
        {"host": "localhost:4566"},
        {"host": "LOCALHOST"},
        {"host": "[::1]:4566"},
        {"host": "bucket.s3.localhost:4566"},
        {"host": "abc.execute-api.localhost:4566"},
        {"host": OURS, "origin": f"http://{OURS}", "sec-fetch-site": "same-origin"},
        {"host": OURS, "sec-fetch-site": "none"},
    ],
)
def test_programs_and_the_platforms_own_pages_pass(headers: dict[str, str]) -> None:
    assert refusal(headers) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": ""},
        {"host": "attacker.example"},
        {"host": "127.0.0.1.attacker.example:4566"},
        {"host": "localhost.attacker.example"},
        {"host": "attacker.example", "origin": "http://attacker.example"},
        {"host": "[::1", "origin": "http://[::1"},
        {"host": f"{OURS}, attacker.example"},
        {"host": OURS, "origin": "https://attacker.example"},
        {"host": OURS, "origin": "null"},
        {"host": OURS, "origin": ""},
        {"host": OURS, "origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-site"},
        {"host": OURS, "origin": f"http://{OURS}.attacker.example"},
        {"host": OURS, "origin": f"file://{OURS}"},
        {"host": OURS, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"host": OURS, "sec-fetch-site": "same-site"},
    ],
)
def test_what_a_foreign_page_sends_is_refused(headers: dict[str, str]) -> None:
    assert refusal(headers)


def test_the_origin_that_an_api_names_passes_and_no_other() -> None:
    headers = {"host": OURS, "origin": CONSOLE, "sec-fetch-site": "cross-site"}
    assert refusal(headers, origins={CONSOLE}) is None
    assert refusal(headers | {"origin": "https://d222.cloudfront.net"}, origins={CONSOLE})
    assert refusal(headers | {"host": "attacker.example"}, origins={CONSOLE})


def test_a_templates_cors_is_spelled_as_the_api_spells_it() -> None:
    template = {
        "Name": "api",
        "CorsConfiguration": {
            "AllowOrigins": [CONSOLE],
            "AllowMethods": ["GET", "POST"],
            "AllowHeaders": ["x-amz-date"],
            "ExposeHeaders": ["x-amzn-errortype"],
            "MaxAge": 3600,
            "AllowCredentials": False,
        },
    }
    assert as_in_the_api(template) == {
        "Name": "api",
        "CorsConfiguration": {
            "allowOrigins": [CONSOLE],
            "allowMethods": ["GET", "POST"],
            "allowHeaders": ["x-amz-date"],
            "exposeHeaders": ["x-amzn-errortype"],
            "maxAge": 3600,
            "allowCredentials": False,
        },
    }
    assert as_in_the_api({"Name": "api"}) == {"Name": "api"}
