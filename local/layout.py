"""Where a local platform keeps its things, on which ports it listens, and how it is spoken to.

Two platforms can run side by side: the plain one and the strict one, where signatures are
verified, IAM is evaluated and everything goes over TLS. They share nothing but installed tools.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.errors import LocalPlatformError

REPOSITORY = Path(__file__).resolve().parent.parent
DIRECTORY = REPOSITORY / ".local"
"""Everything that the local platforms of this clone keep."""
TOOLS = "tools"
REGION = "us-east-1"
ACCOUNT = "000000000000"
HOST = "127.0.0.1"
# The emulator's root user; a platform on the loopback interface has no secret to keep.
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105

PORT_VARIABLES = {
    "emulator": "LARDER_PORT",
    "valkey": "LARDER_VALKEY_PORT",
    "athena": "LARDER_ATHENA_PORT",
}
_PLAIN_PORTS = {"emulator": 4566, "valkey": 6399, "athena": 4570}
_STRICT_PORTS = {"emulator": 4576, "valkey": 6409, "athena": 4580}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One local platform.

    Attributes:
        root: Directory of all that this platform keeps, except installed tools.
        environment_file: What a shell sources to talk to the platform.
        tools: Directory of the virtual environments, shared by all platforms of a clone.
        ports: Port of each service by its name.
        strict: TLS, verified signatures, evaluated policies.
        batch_window_limit: Longest batching window of stream event sources, in seconds; AWS
            waits as long as the template says.
        spark: Run Glue jobs of Spark, where that is installed.
    """

    root: Path
    ports: Mapping[str, int]
    environment_file: Path
    strict: bool = False
    batch_window_limit: float = 5.0
    spark: bool = True
    tools: Path = field(default=DIRECTORY / TOOLS)

    @classmethod
    def from_environment(
        cls, *, strict: bool, environment: Mapping[str, str] = os.environ
    ) -> "Platform":
        """The platform of this clone; the variables in ``PORT_VARIABLES`` move the ports.

        Raises:
            LocalPlatformError: a port variable is not a port.
        """
        defaults = _STRICT_PORTS if strict else _PLAIN_PORTS
        return cls(
            root=DIRECTORY / ("strict" if strict else "plain"),
            environment_file=DIRECTORY / ("strict.env" if strict else "env"),
            ports={name: _port(name, default, environment) for name, default in defaults.items()},
            strict=strict,
        )

    @property
    def endpoint(self) -> str:
        """The emulator's address, for every AWS client."""
        return f"{'https' if self.strict else 'http'}://{HOST}:{self.ports['emulator']}"

    @property
    def athena_endpoint(self) -> str:
        """Address of our Athena."""
        return f"http://{HOST}:{self.ports['athena']}"

    @property
    def certificate(self) -> Path:
        """The strict platform's own certificate (PEM)."""
        return self.root / "tls" / "server.crt"

    @property
    def ca_bundle(self) -> Path:
        """The system's certificate authorities and the platform's certificate."""
        return self.root / "tls" / "ca-bundle.pem"

    @property
    def overlay(self) -> Path:
        """Model files that make AWS clients sign for API Gateway."""
        return self.root / "models"

    def log(self, name: str) -> Path:
        """The log file of a service or of a step."""
        return self.root / "logs" / f"{name}.log"

    def client_environment(self) -> dict[str, str]:
        """The AWS SDK's variables that point a process at this platform, trust included."""
        variables = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_ATHENA": self.athena_endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }
        if self.strict:
            # SSL_CERT_FILE is what Arrow's S3 client reads; Node has a variable of its own.
            for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
                variables[name] = str(self.ca_bundle)
            variables["NODE_EXTRA_CA_CERTS"] = str(self.certificate)
        return variables


def _port(service: str, default: int, environment: Mapping[str, str]) -> int:
    variable = PORT_VARIABLES[service]
    text = environment.get(variable, str(default))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        message = f"{variable} is {text!r}; it must be a port, 1 to 65535 (default {default})"
        raise LocalPlatformError(message)
    return int(text)
