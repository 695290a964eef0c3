"""Sentences that stand several times in a row, each time with other mentions."""

from __future__ import annotations

from collections.abc import Iterator

from ..records import Record, Rejected


def merge_layers(items: Iterator[Record | Rejected]) -> Iterator[Record | Rejected]:
    """One record for each run of records of one text, with the mentions of all of them, each once."""
    last: Record | None = None
    for item in items:
        if isinstance(item, Rejected):
            yield item
        elif last is not None and item.text == last.text:
            last = Record(last.text, tuple(dict.fromkeys(last.entity + item.entity)), origin=last.origin)
        else:
            if last is not None:
                yield last
            last = item
    if last is not None:
        yield last
