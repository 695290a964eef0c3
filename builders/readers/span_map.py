"""JSON lines whose `label` maps type → mention → a list of spans with inclusive ends (CLUE)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..records import Entity, Record, Rejected
from .lines import read_json_lines


def read_span_map(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a line; one without labels, as in an unlabelled split, is set aside."""
    for line in read_json_lines(path):
        if isinstance(line, Rejected):
            yield line
            continue
        origin, data = line
        try:
            entities = (
                Entity(mention, label, start, end + 1)
                for label, mentions in data["label"].items()
                for mention, spans in mentions.items()
                for start, end in spans
            )
            yield Record(data["text"], entity=tuple(entities), origin=origin)
        except (KeyError, TypeError, ValueError, AttributeError):
            yield Rejected(origin, "not an object with `text` and `label`", content=str(data)[:200])
