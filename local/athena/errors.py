"""The two ways Athena says no: to a request at once, to a statement by a FAILED execution."""

from __future__ import annotations

# Of Athena's error catalog: 2 is the user's fault, 1 the system's.
_USER, _SYSTEM = 2, 1
_USER_ERROR, _ENGINE_ERROR, _ICEBERG_ERROR = 1000, 200, 233
_MAX_REASON = 2000


class RequestRefused(Exception):
    """The request is wrong; nothing was started.

    ``kind`` is the modelled exception that the client raises and ``code`` its
    ``AthenaErrorCode``, empty where it has none.
    """

    def __init__(
        self, message: str, *, kind: str = "InvalidRequestException", code: str = "INVALID_INPUT"
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code


class QueryFailed(Exception):
    """A statement cannot be run; becomes ``StateChangeReason`` of its execution.

    ``code`` is Trino's name of the error. ``at`` is the place in the statement, line and column
    from 1, where it is known. ``named`` puts the code before the message; Athena leaves it out
    where another service refused.
    """

    def __init__(
        self, code: str, message: str, *, at: tuple[int, int] | None = None, named: bool = True
    ) -> None:
        where = f"line {at[0]}:{at[1]}: " if at else ""
        prefix = f"{code}: " if named else ""
        super().__init__(f"{prefix}{where}{message}"[:_MAX_REASON])
        self.code = code

    def athena_error(self) -> dict[str, object]:
        """The ``AthenaError`` member of the execution's status."""
        system = self.code == "GENERIC_INTERNAL_ERROR"
        kind = _ENGINE_ERROR if system else _USER_ERROR
        if self.code.startswith("ICEBERG"):
            kind = _ICEBERG_ERROR
        return {
            "ErrorCategory": _SYSTEM if system else _USER,
            "ErrorType": kind,
            "Retryable": self.code == "ICEBERG_COMMIT_ERROR",
            "ErrorMessage": str(self),
        }


def not_supported(what: str, instead: str) -> QueryFailed:
    """The failure of a statement that Athena runs and this endpoint does not."""
    return QueryFailed("NOT_SUPPORTED", f"{what} is not supported by the local Athena; {instead}")
