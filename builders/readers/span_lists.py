"""JSON lines of a text and a list of labelled spans (FindVehicle).

    {"id": 1, "data": "A red van .", "ner_label": [["vehicle_color", 2, 5, "red", …], …]}

Ends are exclusive; what stands behind the mention is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..records import Entity, Record, Rejected
from .lines import parse_json_items
from .mentions import span


def read_span_lists(path: Path, *, text: str = "data", spans: str = "ner_label") -> Iterator[Record | Rejected]:
    """Yield one record a line.

    Args:
        path: the file.
        text: key of the text.
        spans: key of the list of spans.
    """

    def parse(data: Any, origin: str) -> Iterator[Record | Rejected]:
        sentence: str = data[text]
        entities = []
        for label, start, end, mention, *_ in data[spans]:
            found = span(sentence, start, end, mention)
            if isinstance(found, str):
                yield Rejected(origin, found, mention=True, content=mention)
            else:
                entities.append(Entity(sentence[found[0] : found[1]], label, *found))
        yield Record(sentence, tuple(entities), origin=origin)

    return parse_json_items(path, parse)
