"""Settings that point AWS's own clients at Larder, with no change of any program.

botocore merges files named ``service-2.sdk-extras.json`` from its data path into a service's model:
one line in each makes clients of that service sign for their endpoint, API Gateway or a Function
URL. The SDK's own settings name the endpoints: two variables, or a profile with a ``services``
section.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from larder.aws.client_signing import API, DATA_PLANE, FUNCTION_URL, INFERENCE
from larder.errors import ConfigurationError

_MODELS = {"sagemaker": "2017-07-24", DATA_PLANE: "2020-07-01", INFERENCE: "2017-05-13"}
_PROFILE = re.compile(r"[\w.@+-]+", re.ASCII)
_HEADER = re.compile(r"\[\s*(?P<name>[^\]]*?)\s*\]")
_SETTING = re.compile(r"(?P<name>[^\s=#;\[][^=]*?)\s*=\s*(?P<value>.*?)\s*$")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = (
        "Writes the files that make unmodified AWS clients sign for Larder's endpoints, and prints "
        'the variables that make them call Larder: eval "$(larder configure --endpoint URL)". '
        "Every SageMaker client of such a process calls Larder. With --profile only the clients "
        "of that profile do."
    )
    parser.add_argument(
        "--endpoint", help="the stack's output ApiEndpoint; without it only the signatures change"
    )
    parser.add_argument(
        "--function-url",
        metavar="URL",
        help="the stack's output FunctionUrl: the data plane is called there, the control plane at "
        "the endpoint",
    )
    parser.add_argument("--profile", help="set up this profile in the AWS config file")
    parser.add_argument("--region", help="the profile's region")
    parser.add_argument(
        "--directory",
        type=Path,
        help="the folder of the files (default: ~/.larder/models; with a Function URL, which wants "
        "other signatures, ~/.larder/function-url-models)",
    )
    parser.add_argument("--json", action="store_true", help="print the variables as JSON")
    parser.set_defaults(run=_configure)


def _configure(options: argparse.Namespace) -> int:
    endpoints = Endpoints(options.endpoint, options.function_url)
    folder = "function-url-models" if options.function_url else "models"
    directory = (options.directory or Path.home() / ".larder" / folder).absolute()
    if options.region and not options.profile:
        raise ConfigurationError("--region is that of a profile: give --profile too.")
    write_overlay(directory, endpoints.signing_names)
    if options.profile:
        if endpoints.api is None:
            raise ConfigurationError("--profile needs the --endpoint that its clients call.")
        config = Path(os.environ.get("AWS_CONFIG_FILE") or Path.home() / ".aws" / "config")
        write_profile(
            config, options.profile, endpoints=endpoints, directory=directory, region=options.region
        )
        variables = {"AWS_PROFILE": options.profile}
    else:
        before = os.environ.get("AWS_DATA_PATH", "")
        variables = environment(endpoints, directory, data_path=before)
    print(json.dumps(variables) if options.json else exports(variables))
    return 0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the two planes are called: at the API, the data plane at its Function URL if given.

    Raises:
        ConfigurationError: an address has another form; a slash at its end is dropped.
    """

    api: str | None = None
    function_url: str | None = None

    def __post_init__(self) -> None:
        """Check the addresses."""
        for name, form in (("api", _API_FORM), ("function_url", _FUNCTION_URL_FORM)):
            if (url := getattr(self, name)) is not None:
                object.__setattr__(self, name, _checked(url, *form))

    @property
    def signing_names(self) -> dict[str, str]:
        """What clients sign for, by service."""
        data_plane = FUNCTION_URL if self.function_url else API
        return {"sagemaker": API, DATA_PLANE: data_plane, INFERENCE: API}

    @property
    def urls(self) -> dict[str, str]:
        """Addresses by the name that a service has in an AWS config file; without the unknown."""
        known = {
            "sagemaker": self.api,
            _identifier(DATA_PLANE): self.function_url or self.api,
            _identifier(INFERENCE): self.api,
        }
        return {service: url for service, url in known.items() if url}


_API_FORM = ("endpoint", "https://<id>.execute-api.<region>.amazonaws.com", "ApiEndpoint")
_FUNCTION_URL_FORM = (
    "function-url",
    "https://<id>.lambda-url.<region>.on.aws",
    "FunctionUrl",
)


def _checked(url: str, name: str, form: str, output: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{name}: {url!r} is not like {form}; the Serving stack's output {output} is."
        )
    return url.rstrip("/")


def write_overlay(directory: Path, signing_names: Mapping[str, str]) -> None:
    """Write the files that change what services sign for; a data path names the folder."""
    for service, name in signing_names.items():
        folder = directory / service / _MODELS[service]
        folder.mkdir(parents=True, exist_ok=True)
        extras = {"version": 1.0, "merge": {"metadata": {"signingName": name}}}
        _write_whole(folder / "service-2.sdk-extras.json", json.dumps(extras) + "\n")


def environment(endpoints: Endpoints, directory: Path, *, data_path: str = "") -> dict[str, str]:
    """The variables for a process; ``data_path`` is what AWS_DATA_PATH held before."""
    variables = {
        f"AWS_ENDPOINT_URL_{service.upper()}": url for service, url in endpoints.urls.items()
    }
    return {"AWS_DATA_PATH": _data_path(directory, data_path), **variables}


def write_profile(
    config: Path, profile: str, *, endpoints: Endpoints, directory: Path, region: str | None
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
    addresses = {service: f"\n  endpoint_url = {url}" for service, url in endpoints.urls.items()}
    text = updated_section(text, section, settings)
    text = updated_section(text, f"services {services}", addresses)
    config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_whole(config, text)


def _write_whole(path: Path, text: str) -> None:
    """Replace a file at once: a process that reads it finds the old one or the new one.

    Who may read the old one may read the new one. A link stays, and its target is replaced.
    """
    path = path.resolve()
    unfinished = path.with_name(f"{path.name}.larder-{os.getpid()}")
    unfinished.touch()
    if path.exists():
        unfinished.chmod(path.stat().st_mode & 0o7777)
    unfinished.write_text(text)
    unfinished.replace(path)


def exports(variables: Mapping[str, str]) -> str:
    """Variables as lines for a POSIX shell."""
    quoted = {name: value.replace("'", "'\\''") for name, value in variables.items()}
    return "\n".join(f"export {name}='{value}'" for name, value in quoted.items())


def _identifier(service: str) -> str:
    return service.replace("-", "_")


def _data_path(directory: Path, before: str) -> str:
    others = [each for each in before.split(os.pathsep) if each and each != str(directory)]
    return os.pathsep.join([str(directory), *others])


def value_of(text: str, section: str, name: str) -> str | None:
    """A setting's value in a section, or ``None``."""
    for line in _body(text.splitlines(), section):
        match = _SETTING.match(line)
        if match and match["name"] == name:
            return match["value"]
    return None


def updated_section(text: str, section: str, settings: Mapping[str, str]) -> str:
    """The file with these settings in a section, over those of the same names.

    A value that begins with a line break is of several lines, each indented.
    """
    kept: list[str] = []
    dropping = False
    for line in _body(text.splitlines(), section):
        match = _SETTING.match(line)
        if match:
            dropping = match["name"] in settings
        elif not line.startswith((" ", "\t")):
            dropping = False
        if not dropping:
            kept.append(line)
    return _replaced(text, section, [*(_line(n, v) for n, v in settings.items()), *kept])


def _line(name: str, value: str) -> str:
    return f"{name} ={value}" if value.startswith("\n") else f"{name} = {value}"


def _replaced(text: str, section: str, body: list[str]) -> str:
    """The file with this as a section's whole body; a section that is not there comes last."""
    lines = text.splitlines()
    start, end = _place(lines, section)
    before, rest = lines[:start], lines[end:]
    if not rest and before and before[-1].strip():
        before.append("")
    return "\n".join([*before, f"[{section}]", *body, *rest]) + "\n"


def _body(lines: list[str], section: str) -> list[str]:
    start, end = _place(lines, section)
    return lines[start + 1 : end]


def _place(lines: list[str], section: str) -> tuple[int, int]:
    """Where a section's header is and where its body ends; both the file's end if it has none."""
    headers = [
        (place, " ".join(match["name"].split()))
        for place, line in enumerate(lines)
        if (match := _HEADER.match(line))
    ]
    for index, (place, name) in enumerate(headers):
        if name == section:
            end = headers[index + 1][0] if index + 1 < len(headers) else len(lines)
            return place, end
    return len(lines), len(lines)
