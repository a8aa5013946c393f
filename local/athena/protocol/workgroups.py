"""What a workgroup allows and decides: asked of the emulator each time a statement starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.athena.errors import RequestRefused
from local.athena.language.statements import Family
from local.athena.tables.cloud import Cloud, split_s3

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

_NO_LOCATION = (
    "No output location provided. An output location is required either through the Workgroup "
    "result configuration setting or as an API input."
)


@dataclass(frozen=True, slots=True)
class Output:
    """Where results go and how: decided by the workgroup if it enforces its settings.

    ``cutoff`` is the most bytes that one statement may scan, 0 for no limit.
    """

    prefix: str
    enforced: bool
    encryption: tuple[str, str] = ("", "")
    cutoff: int = 0

    def result(self, query_id: str, family: Family) -> str:
        """The address of a statement's result."""
        if family.substatement == "CREATE_TABLE_AS_SELECT":
            return self.tables(query_id)
        if family.substatement == "UNLOAD":
            return f"{self.prefix}/{query_id}"
        return f"{self.prefix}/{query_id}.{'csv' if family.statement == 'DML' else 'txt'}"

    def tables(self, query_id: str) -> str:
        """Where CREATE TABLE AS writes if it names no location."""
        return f"{self.prefix}/tables/{query_id}"

    def manifest(self, query_id: str) -> str:
        """The address of the list of files that a statement wrote."""
        return f"{self.prefix}/{query_id}-manifest.csv"

    def configuration(self) -> dict[str, object]:
        """The encryption as the API shows it."""
        option, key = self.encryption
        if not option:
            return {}
        shown = {"EncryptionOption": option} | ({"KmsKey": key} if key else {})
        return {"EncryptionConfiguration": shown}

    def upload_arguments(self) -> dict[str, str]:
        """The encryption as S3's PutObject takes it."""
        option, key = self.encryption
        if option == "SSE_S3":
            return {"ServerSideEncryption": "AES256"}
        if option == "SSE_KMS":
            return {"ServerSideEncryption": "aws:kms"} | ({"SSEKMSKeyId": key} if key else {})
        return {}


class WorkGroups:
    """The emulator's workgroups."""

    def __init__(self, cloud: Cloud) -> None:
        self._athena: AthenaClient = cloud.control_plane()

    def output(self, workgroup: str, asked: Mapping[str, Any]) -> Output:
        """What becomes of a request's ``ResultConfiguration`` in a workgroup.

        Raises:
            RequestRefused: the workgroup does not exist or is disabled, or no location is given.
        """
        found = self._enabled(workgroup)
        configuration: Mapping[str, Any] = found.get("Configuration", {})
        given: Mapping[str, Any] = configuration.get("ResultConfiguration", {})
        enforced = bool(configuration.get("EnforceWorkGroupConfiguration", True))
        chosen = given if enforced and given.get("OutputLocation") else {**given, **asked}
        location = chosen.get("OutputLocation", "")
        if not location:
            raise RequestRefused(_NO_LOCATION)
        try:
            split_s3(location)
        except ValueError as error:
            raise RequestRefused(f"outputLocation is not a valid S3 path: {error}") from None
        encryption = chosen.get("EncryptionConfiguration", {})
        return Output(
            prefix=location.rstrip("/"),
            enforced=enforced and bool(given.get("OutputLocation")),
            encryption=(encryption.get("EncryptionOption", ""), encryption.get("KmsKey", "")),
            cutoff=int(configuration.get("BytesScannedCutoffPerQuery") or 0),
        )

    def _enabled(self, workgroup: str) -> Mapping[str, Any]:
        try:
            answer = self._athena.get_work_group(WorkGroup=workgroup)
        except self._athena.exceptions.InvalidRequestException:
            answer = None
        except ClientError as error:
            raise RequestRefused(str(error)) from None
        if not answer or "WorkGroup" not in answer:  # some emulators answer with nothing
            raise RequestRefused(f"WorkGroup {workgroup} is not found.")
        if answer["WorkGroup"].get("State") == "DISABLED":
            raise RequestRefused(f"WorkGroup {workgroup} is disabled.")
        return answer["WorkGroup"]
