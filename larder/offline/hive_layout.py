"""Where the rows of a table of format Glue lie: SageMaker's folders and file names. Pure.

AWS, "Use Amazon SageMaker Feature Store offline store": one folder per hour of the event time, UTC,
``year=2020/month=06/day=30/hour=00``. Its files are named by the latest event time in them and 16
letters and digits, ``20200630T064401Z_108934320012Az11.parquet``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from string import ascii_letters, digits

from larder.event_time import NANOS, nanos_to_iso
from larder.records.feature_values import Scalar

_ALPHABET = digits + ascii_letters
_LETTERS = 16
_FOLDER = re.compile(r"year=\d{4}/month=\d\d/day=\d\d/hour=\d\d/", re.ASCII)
_FILE = re.compile(r"\d{8}T\d{6}Z_[0-9A-Za-z]{16}\.parquet", re.ASCII)


def is_data_file(path: str) -> bool:
    """Whether a path below the data's location is that of a file which a commit writes."""
    folder, slash, name = path.rpartition("/")
    return bool(_FOLDER.fullmatch(folder + slash)) and is_file_name(name)


def is_file_name(name: str) -> bool:
    """Whether a name is one that a commit gives to a file."""
    return bool(_FILE.fullmatch(name))


def event_instant(event_time: Scalar) -> str:
    """An event time as the offline table holds it, as ISO-8601 text; the fraction may be cut."""
    if isinstance(event_time, str):
        return event_time
    numerator, denominator = event_time.as_integer_ratio()
    return nanos_to_iso(numerator * NANOS // denominator)


def hour_folder(event_time: Scalar) -> str:
    """The folder of the event time's hour, with a slash at its end."""
    at = event_instant(event_time)
    return f"year={at[:4]}/month={at[5:7]}/day={at[8:10]}/hour={at[11:13]}/"


def file_name(commit: str, folder: str, event_times: Iterable[Scalar]) -> str:
    """The name of the one file that a commit has in a folder.

    SageMaker's 16 characters are random. Ours are a digest of the commit and the folder. So every
    process that completes a commit writes the very same files.
    """
    latest = max(event_instant(each)[:19] for each in event_times)
    number = int.from_bytes(sha256(f"{commit}/{folder}".encode()).digest())
    letters = ""
    for _ in range(_LETTERS):
        number, place = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[place]
    return f"{latest.replace('-', '').replace(':', '')}Z_{letters}.parquet"
