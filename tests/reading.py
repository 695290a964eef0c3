"""What tests of readers share: records and rejects apart, triples whose offsets hold, files of given lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from iepile.builders.records import Record, Rejected


def records(items: Iterable[Record | Rejected]) -> list[Record]:
    """The records alone."""
    return [item for item in items if isinstance(item, Record)]


def rejected(items: Iterable[Record | Rejected]) -> list[Rejected]:
    """What was set aside."""
    return [item for item in items if isinstance(item, Rejected)]


def triples(record: Record) -> list[tuple[str, str, str]]:
    """Head, relation and tail of each relation, its offsets checked against the text."""
    for r in record.relation:
        assert r.head_start is None or record.text[r.head_start : r.head_end] == r.head
        assert r.tail_start is None or record.text[r.tail_start : r.tail_end] == r.tail
    return [(r.head, r.relation, r.tail) for r in record.relation]


def write(path: Path, *lines: object) -> Path:
    """A file of these lines; what is no string is written as JSON."""
    path.write_text("".join(x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) + "\n" for x in lines))
    return path
