"""Settings that point AWS's own clients at Larder, with no change of any program.

botocore merges files named ``service-2.sdk-extras.json`` from its data path into a service's model:
one line in each makes clients of that service sign for API Gateway. Where the endpoint is, the
SDK's own settings say: two variables, or a profile with a ``services`` section.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from larder.aws_config import updated_section, value_of
from larder.client.signing import SIGNING_NAME
from larder.errors import ConfigurationError

_MODELS = {
    "sagemaker": "2017-07-24",
    "sagemaker-featurestore-runtime": "2020-07-01",
}
_EXTRAS = {"version": 1.0, "merge": {"metadata": {"signingName": SIGNING_NAME}}}
_ENDPOINT_VARIABLES = (
    "AWS_ENDPOINT_URL_SAGEMAKER",
    "AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME",
)
_SERVICE_IDS = ("sagemaker", "sagemaker_featurestore_runtime")
_PROFILE = re.compile(r"[\w.@+-]+", re.ASCII)


def checked_endpoint(url: str) -> str:
    """The address of Larder's API without a slash at its end.

    Raises:
        ConfigurationError: it is no address of an API.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            f"endpoint: {url!r} is not like https://<id>.execute-api.<region>.amazonaws.com; the "
            "Serving stack's output ApiEndpoint is."
        )
    return url.rstrip("/")


def write_overlay(directory: Path) -> None:
    """Write the files that change what the two services sign for; a data path names the folder."""
    for service, version in _MODELS.items():
        folder = directory / service / version
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "service-2.sdk-extras.json").write_text(json.dumps(_EXTRAS) + "\n")


def environment(endpoint: str | None, directory: Path, *, data_path: str = "") -> dict[str, str]:
    """The variables for a process; ``data_path`` is what AWS_DATA_PATH held before."""
    variables = {"AWS_DATA_PATH": _data_path(directory, data_path)}
    return variables | (dict.fromkeys(_ENDPOINT_VARIABLES, endpoint) if endpoint else {})


def write_profile(
    config: Path, profile: str, *, endpoint: str, directory: Path, region: str | None
) -> None:
    """Set up a profile in an AWS config file; everything else in the file stays as it is.

    Clients of that profile alone call Larder. Credentials are looked up as for any profile.

    Raises:
        ConfigurationError: the name can't be a profile's, or it has other ``services`` already.
    """
    if _PROFILE.fullmatch(profile) is None:
        raise ConfigurationError(f"profile: {profile!r} must be of letters, digits and . @ + - _")
    text = config.read_text() if config.exists() else ""
    section = "default" if profile == "default" else f"profile {profile}"
    services = f"larder-{profile}"
    there = value_of(text, section, "services")
    if there not in {None, services}:
        raise ConfigurationError(
            f"profile: {profile} in {config} has services = {there} already: choose another "
            "profile, or put the two endpoint_url into that section by hand."
        )
    settings = {
        "services": services,
        "data_path": _data_path(directory, value_of(text, section, "data_path") or ""),
    } | ({"region": region} if region else {})
    endpoints = dict.fromkeys(_SERVICE_IDS, f"\n  endpoint_url = {endpoint}")
    text = updated_section(text, section, settings)
    text = updated_section(text, f"services {services}", endpoints)
    _write_whole(config, text)


def _write_whole(config: Path, text: str) -> None:
    config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = config.with_name(f"{config.name}.larder")
    unfinished.write_text(text)
    unfinished.replace(config)


def exports(variables: Mapping[str, str]) -> str:
    """Variables as lines for a POSIX shell."""
    quoted = {name: value.replace("'", "'\\''") for name, value in variables.items()}
    return "\n".join(f"export {name}='{value}'" for name, value in quoted.items())


def _data_path(directory: Path, before: str) -> str:
    others = [each for each in before.split(os.pathsep) if each and each != str(directory)]
    return os.pathsep.join([str(directory), *others])
