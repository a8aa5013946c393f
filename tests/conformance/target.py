"""What is asked: the endpoint that the environment names, and how patient to be with it."""

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The platform under test.

    ``door`` is ``http``, or ``direct``: the data plane by the Python client instead of the endpoint.
    ``group_seconds`` is how long a group may take to be made, ``settings_seconds`` how long the
    data plane may go on with a group's old settings, ``offline_seconds`` how long a write may take
    to be in the offline store. ``run`` distinguishes this run's names from those of any other.
    """

    sagemaker: bool
    endpoint: str
    door: str
    runtime_endpoint: str
    bucket: str
    database: str
    workgroup: str
    role: str | None
    group_seconds: float
    settings_seconds: float
    offline_seconds: float
    keep_groups: bool
    run: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Target":
        """Read the AWS SDK's variables and Larder's."""
        sagemaker = environment.get("LARDER_CONFORMANCE_TARGET", "larder") == "sagemaker"
        return cls(
            sagemaker=sagemaker,
            endpoint=environment.get("AWS_ENDPOINT_URL_SAGEMAKER", ""),
            door=environment.get("LARDER_CONFORMANCE_DOOR", "api"),
            runtime_endpoint=environment.get("AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME", ""),
            bucket=environment.get("LARDER_OFFLINE_BUCKET", ""),
            database=environment.get("LARDER_DATABASE", "sagemaker_featurestore"),
            workgroup=environment.get("LARDER_WORKGROUP", "primary"),
            role=environment.get("LARDER_CONFORMANCE_ROLE"),
            group_seconds=1200 if sagemaker else 120,
            settings_seconds=900 if sagemaker else 30,
            offline_seconds=1200 if sagemaker else 120,
            keep_groups=environment.get("LARDER_CONFORMANCE_KEEP_GROUPS", "0") not in ("", "0"),
            run=uuid.uuid4().hex[:6],
        )

    @property
    def signing_names(self) -> dict[str, str]:
        """What the endpoints want signatures for, by service; the data plane may have an endpoint alone."""
        alone = self.runtime_endpoint not in ("", self.endpoint)
        return {
            "sagemaker": "execute-api",
            "sagemaker-featurestore-runtime": "lambda" if alone else "execute-api",
        }

    def endpoint_of(self, service: str) -> str:
        """The address at which a service of SageMaker's is called."""
        return self.endpoint if service == "sagemaker" else self.runtime_endpoint

    @property
    def missing(self) -> list[str]:
        """Names of the variables that have to be set and are not."""
        needed = {"LARDER_OFFLINE_BUCKET": self.bucket}
        if self.sagemaker:
            needed["LARDER_CONFORMANCE_ROLE"] = self.role or ""
        else:
            needed["AWS_ENDPOINT_URL_SAGEMAKER"] = self.endpoint
        return [name for name, value in needed.items() if not value]

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine."""
        return urlsplit(self.endpoint).hostname in _LOOPBACK
