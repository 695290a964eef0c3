"""Rows as Parquet files of bounded size, one row group in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

COLUMNS = ("id", "batch", "task", "source", "language", "instruction", "output")
ARROW_SCHEMA = pa.schema([(name, pa.int32() if name == "batch" else pa.string()) for name in COLUMNS])
ROW_GROUP = 10_000  # rows: about 10 MB of text, what a reader holds in memory at once
FILE_ROWS = 250_000  # rows: some 100 MB a file, the size that the Hub's viewer likes


@dataclass(frozen=True)
class Rows:
    """What was written."""

    files: Sequence[str]
    count: int
    empty: int  # rows whose answers are all empty
    size: int  # bytes in memory


class RowWriter:
    """Writes the rows of one config to `<name>-000.parquet` and so on."""

    def __init__(self, folder: Path, name: str, *, task: str, source: str, language: str) -> None:
        self._folder, self._name = folder, name
        self._constants = {"task": task, "source": source, "language": language}
        self._waiting: list[pa.Table] = []
        self._open: pq.ParquetWriter | None = None
        self._files: list[str] = []
        self._rows = self._empty = self._size = 0

    def add(self, rows: pa.Table) -> None:
        """Take the rows of `Asking.table`; those of one record may end up in two row groups."""
        self._empty += rows.num_rows - pc.sum(rows["filled"], min_count=0).as_py()
        self._waiting.append(rows)
        while sum(table.num_rows for table in self._waiting) >= ROW_GROUP:
            waiting = pa.concat_tables(self._waiting)
            self._waiting = [waiting.slice(ROW_GROUP)]
            self._write(waiting.slice(0, ROW_GROUP))

    def _write(self, rows: pa.Table) -> None:
        constant = {name: pa.repeat(value, rows.num_rows) for name, value in self._constants.items()}
        columns = [constant[name] if name in constant else rows[name] for name in COLUMNS]
        table = pa.table(columns, schema=ARROW_SCHEMA).combine_chunks()
        if self._open is None:
            self._files.append(f"{self._name}-{len(self._files):03}.parquet")
            self._open = pq.ParquetWriter(
                self._folder / self._files[-1],
                ARROW_SCHEMA,
                compression="zstd",
                use_dictionary=["task", "source", "language"],
            )
        self._open.write_table(table, row_group_size=ROW_GROUP)
        self._rows += table.num_rows
        self._size += _size(table)
        if self._rows % FILE_ROWS == 0:
            self._open.close()
            self._open = None

    def close(self) -> Rows:
        """Write what is left."""
        if rest := sum(table.num_rows for table in self._waiting):
            self._write(pa.concat_tables(self._waiting).slice(0, rest))
        if self._open is not None:
            self._open.close()
        return Rows(self._files, self._rows, self._empty, self._size)


def _size(table: pa.Table) -> int:
    """Bytes in memory, as if no column had room for nulls: what `nbytes` counts of these depends on the stretches."""
    texts = [column for column in table if pa.types.is_string(column.type)]
    letters: int = sum(pc.sum(pc.binary_length(column)).as_py() for column in texts)
    size: int = letters + 4 * table.num_rows * table.num_columns
    return size
