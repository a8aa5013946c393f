"""Reads that writes of others do not disturb, as those of AWS are not.

ministack's services walk plain dictionaries, and answer a read with a server error where another
request adds to one meanwhile.
"""

from collections.abc import Callable
from typing import Any

_DISTURBED = "changed size during iteration"


def undisturbed(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The read, made again for as long as a write comes between."""

    def repeated(request: Any) -> Any:
        while True:
            try:
                return read(request)
            except RuntimeError as error:
                if _DISTURBED not in str(error):
                    raise

    return repeated
