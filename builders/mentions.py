"""Which labels the same strings carry in annotated records: `Paris` as a location here and an organization there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import sqrt
from typing import Any

from .label_signals import Feature, Signal
from .records import Record
from .tasks import Option, Schema, Task

ACCIDENTS = 20  # added to a label's mentions, so that what rare labels have in common by accident counts for little


def mention_signal(task: Task, schema: Schema, options: Sequence[Option], records: Iterable[Record]) -> Signal:
    """How large a share of the rarer label's mentions the other label has too.

    A mention is an entity's string, a relation's pair of strings, an event's trigger; each counts once for a label,
    however often it occurs.
    """
    found: dict[Option, set[Feature]] = {option: set() for option in options}
    for record in records:
        events = tuple(event for event in record.event if event.event_type in schema.event_types)
        record = replace(record, event=events)
        for option, answer in task.gold(record, schema).items():
            if option in found:
                found[option].update(("mention", mention) for mention in _strings(task, option, answer))
    mentions = [found[option] for option in options]
    similarity = [[_overlap(a, b) if i != j else 0.0 for j, b in enumerate(mentions)] for i, a in enumerate(mentions)]
    return Signal(similarity, [dict.fromkeys(sorted(m), 1.0) for m in mentions])


def _overlap(a: set[Feature], b: set[Feature]) -> float:
    # The root, since a tenth in common is much already: most strings have one label only.
    return sqrt(len(a & b) / (min(len(a), len(b)) + ACCIDENTS))


def _strings(task: Task, option: Option, answer: Any) -> set[str]:
    key = task.key(option)
    items = task.items({key: answer})[task.facets[0]]
    return {" – ".join(part.lower() for part in item if part != key) for item in items}
