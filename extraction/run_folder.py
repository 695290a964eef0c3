"""The folder of an evaluation while it runs: answers are there at once, so that a killed run goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..builders.errors import IEPileError
from .predictions import Row

Key = tuple[str, str, int]  # task, id, batch


@dataclass(frozen=True)
class Settings:
    """All that decides what a run gives."""

    model: Mapping[str, Any]  # as its backend tells of it
    data: str
    configs: tuple[str, ...]
    split: str
    suite: str | None
    sources: tuple[str, ...]
    limit: int | None
    seed: int
    decoding: str
    shots: int
    profile: str
    rows: int
    digest: str  # of the rows


class RunFolder:
    """Where a run leaves its answers; `order` numbers the schema orders of one evaluation."""

    def __init__(self, settings: Settings, folder: Path, order: int = 0) -> None:
        name = f"predictions.order-{order}" if order else "predictions"
        self._folder, self._part, self._whole = folder, folder / f"{name}.part.jsonl", folder / f"{name}.jsonl"
        self._header = json.dumps({"settings": asdict(settings)}, ensure_ascii=False)

    def resume(self) -> dict[Key, dict[str, Any]]:
        """The rows that an earlier run of the same settings answered.

        Raises:
            IEPileError: where the folder holds part of another run.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        # Behind the last line end stands nothing, or what a kill left of a row.
        written, end, _ = self._part.read_bytes().rpartition(b"\n") if self._part.exists() else (b"", b"", b"")
        if not end:
            self._part.write_text(f"{self._header}\n", encoding="utf-8")
            return {}
        header, *rows = written.decode().split("\n")
        if header != self._header:
            raise IEPileError(
                f"{self._folder} holds part of a run with other settings; name another --out, or delete {self._part}."
            )
        os.truncate(self._part, len(written) + 1)
        return {row_key(row): row for row in map(json.loads, rows)}

    def append(self, row: Row) -> None:
        """Add an answered row."""
        with self._part.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def finish(self, predictions: Iterable[Row]) -> None:
        """Write all rows in the corpus's order; what is there to go on from stays until `close`."""
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in predictions)
        self._whole.write_text("".join(lines), encoding="utf-8")

    def close(self) -> None:
        """The report is written: there is nothing to go on with."""
        self._part.unlink()


def row_key(row: Row) -> Key:
    """What tells a row of a run from the others."""
    return row["task"], row["id"], row["batch"]


def digest(rows: Iterable[Row]) -> str:
    """Of all that is asked and the answers looked for."""
    state = blake2b(digest_size=8)
    for row in rows:
        state.update(json.dumps([*row_key(row), row["instruction"], row["output"]]).encode())
    return state.hexdigest()
