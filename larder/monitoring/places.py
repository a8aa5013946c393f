"""Where people's documents may lie: addresses below which monitoring reads and writes them."""

from __future__ import annotations

from larder.bucket_folders import MONITORING
from larder.errors import ValidationError


def check_place(address: str, places: tuple[str, ...]) -> None:
    """Nothing where an address lies below one of the places.

    Raises:
        ValidationError: it does not.
    """
    if not address.startswith(places):
        raise ValidationError(
            f"{address[:200]} lies below none of [{', '.join(places)}], where monitoring reads and "
            "writes documents: put it there, or add its bucket to models.transform_buckets of the "
            "stage."
        )


def output_places(places: tuple[str, ...]) -> tuple[str, ...]:
    """The places where people have documents put: all but monitoring's own folder.

    What is put there could be taken for a run or a baseline of the platform's.
    """
    return tuple(each for each in places if not each.endswith(f"/{MONITORING}"))
