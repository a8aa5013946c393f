"""State changes of feature groups on EventBridge's default bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from larder.errors import AccessForbidden, ServiceUnavailable
from larder.groups.api.state_change import SOURCE, StateChange


@dataclass(frozen=True, slots=True)
class EventBridge:
    """Publishes events, one call each: they are rare, and may be large."""

    client: Any  # boto3's, for which no stubs are installed

    def publish(self, change: StateChange) -> None:
        """Publish an event.

        Raises:
            AccessForbidden: the function may not.
            ServiceUnavailable: EventBridge did not take it for any other reason; try again.
        """
        entry = {
            "Source": SOURCE,
            "DetailType": change.detail_type,
            "Detail": change.detail,
            "Resources": [change.resource],
        }
        try:
            answer = self.client.put_events(Entries=[entry])
        except ClientError as error:
            if error.response["Error"]["Code"] == "AccessDeniedException":
                raise AccessForbidden(f"events:PutEvents was refused: {error}") from error
            raise ServiceUnavailable(f"EventBridge refused an event: {error}") from error
        except (ConnectionError, HTTPClientError) as error:
            raise ServiceUnavailable(f"EventBridge did not answer: {error}") from error
        if answer["FailedEntryCount"]:
            failed = answer["Entries"][0]
            raise ServiceUnavailable(
                f"EventBridge refused an event: {failed.get('ErrorCode')}: "
                f"{failed.get('ErrorMessage')}"
            )
