"""JSON objects of a text and a list of labelled spans, each span a list (FindVehicle) or an object.

{"id": 1, "data": "A red van .", "ner_label": [["vehicle_color", 2, 5, "red", …], …]}
{"text": "A red van .", "entities": [{"start": 2, "end": 5, "label": "color"}, …]}
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

from ..records import Entity, Record, Rejected
from .lines import parse_json_items
from .mentions import span

Key = str | int


def read_span_lists(
    path: Path,
    *,
    text: str = "data",
    spans: str = "ner_label",
    label: Key = 0,
    start: Key = 1,
    end: Key = 2,
    mention: Key | None = 3,
    inclusive: bool = False,
) -> Iterator[Record | Rejected]:
    """Yield one record an object, from JSON lines or one JSON array.

    Args:
        path: the file.
        text: key of the text.
        spans: key of the list of spans.
        label, start, end: where a span has them: a place in a list, or a key of an object, `place.begin` for one
            within another.
        mention: where it has the mention itself, which must then stand there; None for nowhere.
        inclusive: whether the end is that of the last character instead of the place behind it.
    """

    def parse(data: Any, origin: str) -> Iterator[Record | Rejected]:
        sentence: str = data[text]
        entities = []
        for item in data[spans]:
            first, last = _part(item, start), _part(item, end) + inclusive
            told = sentence[first:last] if mention is None else _part(item, mention)
            found = span(sentence, first, last, told)
            if isinstance(found, str):
                yield Rejected(origin, found, mention=True, content=told)
            else:
                entities.append(Entity(sentence[found[0] : found[1]], _part(item, label), *found))
        yield Record(sentence, tuple(entities), origin=origin)

    return parse_json_items(path, parse)


def _part(item: Any, key: Key) -> Any:
    return item[key] if isinstance(key, int) else reduce(lambda inner, name: inner[name], key.split("."), item)
