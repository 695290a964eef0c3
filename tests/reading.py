"""What tests of readers share: records and rejects apart, offsets that hold, files of given lines, the real files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from iepile.builders.records import Record, Rejected
from iepile.builders.source import Source, get_source

from conftest import SHARED


def records(items: Iterable[Record | Rejected]) -> list[Record]:
    """The records alone."""
    return [item for item in items if isinstance(item, Record)]


def rejected(items: Iterable[Record | Rejected]) -> list[Rejected]:
    """What was set aside."""
    return [item for item in items if isinstance(item, Rejected)]


def set_aside(items: Iterable[Record | Rejected]) -> Counter[str]:
    """How often something was set aside, by reason."""
    return Counter(item.reason for item in rejected(items))


def offsets_hold(record: Record) -> bool:
    """Whether the text has each trigger and argument where its offsets say."""
    spans = [(a.argument, a.start, a.end) for e in record.event for a in e.arguments]
    spans += [(e.event_trigger, e.start, e.end) for e in record.event]
    return all(start is None or record.text[start:end] == mention for mention, start, end in spans)


def triples(record: Record) -> list[tuple[str, str, str]]:
    """Head, relation and tail of each relation, its offsets checked against the text."""
    for r in record.relation:
        assert r.head_start is None or record.text[r.head_start : r.head_end] == r.head
        assert r.tail_start is None or record.text[r.tail_start : r.tail_end] == r.tail
    return [(r.head, r.relation, r.tail) for r in record.relation]


def mentions(record: Record) -> list[tuple[str, str]]:
    """Each entity and its type, its offsets checked against the text."""
    for e in record.entity:
        assert e.start is None or record.text[e.start : e.end] == e.entity
    return [(e.entity, e.entity_type) for e in record.entity]


def types(items: Iterable[Record | Rejected]) -> Counter[str]:
    """How many entities there are, by type."""
    return Counter(label for record in records(items) for _, label in mentions(record))


def write(path: Path, *lines: object) -> Path:
    """A file of these lines; what is no string is written as JSON."""
    path.write_text("".join(x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) + "\n" for x in lines))
    return path


def written(folder: Path, name: str, text: str) -> Path:
    """A file of this text, line ends as they are, in a folder that need not be there yet."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def real(name: str, *splits: str) -> tuple[Source, Path]:
    """The source and its folder of real files; the test skips where a split is not there."""
    source = get_source(name)
    folder = source.folder(SHARED / "data")
    if folder is None or not set(splits) <= set(source.find(folder)):
        pytest.skip(f"no real files of {name}")
    return source, folder


def real_file(place: str) -> Path:
    """A file or folder of the real ones, given below the shared folder; the test skips where it is not there."""
    path = SHARED / place
    if not path.exists():
        pytest.skip(f"no real files at {place}")
    return path


def read_real(name: str, split: str) -> list[Record | Rejected]:
    """What is read of a split's real files; the test skips where they are not there."""
    source, folder = real(name, split)
    return list(source.records(folder, split))


def facts(name: str) -> dict[str, Any]:
    """The counts of a source's facts file, `en_ner_AnatEM`; the test skips where it is not there."""
    return json.loads(real_file(f"sources/{name}.json").read_text(encoding="utf-8"))["counts"]
