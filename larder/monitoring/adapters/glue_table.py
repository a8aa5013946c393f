"""Whether a table is in the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import code_of, refusal

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient


@dataclass(frozen=True, slots=True)
class GlueTable:
    """A table that its writer makes with the first rows."""

    client: GlueClient
    database: str
    table: str

    def exists(self) -> bool:
        """Whether it was made; raises ``LarderError`` where Glue refuses."""
        try:
            self.client.get_table(DatabaseName=self.database, Name=self.table)
        except ClientError as error:
            if code_of(error) == "EntityNotFoundException":
                return False
            raise refusal(f"Glue did not describe {self.table}", error, {}) from error
        except BotoCoreError as error:
            raise refusal(f"Glue did not describe {self.table}", error, {}) from error
        return True
