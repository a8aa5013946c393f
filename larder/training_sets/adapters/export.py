"""Arrow tables into local files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from larder.errors import ValidationError


def write_table(table: Any, path: Path) -> None:  # noqa: ANN401 - pyarrow is untyped
    """Write a table as the file's suffix says: .parquet, .csv or .arrow (Feather).

    Raises:
        ValidationError: the suffix is another, the folder is missing, or CSV can't hold a column.
    """
    if not path.parent.is_dir():
        raise ValidationError(f"there is no folder {path.parent}")
    match path.suffix:
        case ".parquet":
            pq.write_table(table, path)
        case ".csv":
            nested = [field.name for field in table.schema if pa.types.is_nested(field.type)]
            if nested:
                raise ValidationError(f"CSV can't hold the lists of {nested}: export .parquet")
            pyarrow.csv.write_csv(table, path)
        case ".arrow":
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
                writer.write_table(table)
        case other:
            raise ValidationError(f"can't export to {other!r}: choose .parquet, .csv or .arrow")
