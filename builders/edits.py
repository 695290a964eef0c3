"""Changes to a text that take its annotations along: mentions and offsets stay those of the new text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from .records import Argument, Entity, Event, Record, Relation

Span = tuple[str, int | None, int | None]  # a mention and its offsets, where known


class Edit(NamedTuple):
    """`text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


def rewrite(record: Record, edits: Sequence[Edit]) -> Record:
    """The record with edits (disjoint, in order) made in its text; the same object where there are none.

    A mention that an edit cuts into grows to the whole of the replacement, so that it still occurs in the text.
    Offsets that do not point at their mention are dropped.
    """
    if not edits:
        return record
    old = record.text
    pieces, starts, ends, shifts, place, shift = [], [], [], [0], 0, 0
    for edit in edits:
        pieces += [old[place : edit.start], edit.new]
        place = edit.end
        shift += len(edit.new) - (edit.end - edit.start)
        starts.append(edit.start)
        ends.append(edit.end)
        shifts.append(shift)
    new = "".join(pieces) + old[place:]

    def new_start(offset: int) -> int:
        behind = bisect_right(ends, offset)  # how many edits lie wholly before the offset
        inside = behind < len(edits) and starts[behind] < offset
        return (starts[behind] if inside else offset) + shifts[behind]

    def new_end(offset: int) -> int:
        begun = bisect_left(starts, offset)
        inside = begun > 0 and ends[begun - 1] > offset
        return (ends[begun - 1] if inside else offset) + shifts[begun]

    def move(mention: str, start: int | None, end: int | None) -> Span:
        if start is None or end is None or old[start:end] != mention:
            place = old.find(mention)
            if mention in new or place < 0:
                return mention, None, None
            return new[new_start(place) : new_end(place + len(mention))], None, None
        start, end = new_start(start), new_end(end)
        return new[start:end], start, end

    return replace(map_mentions(record, move), text=new)


def spans(record: Record) -> Iterator[Span]:
    """Every mention with its offsets, in the order of the annotation; as in `Record.mentions`."""
    for entity in record.entity:
        yield entity.entity, entity.start, entity.end
    for relation in record.relation:
        yield relation.head, relation.head_start, relation.head_end
        yield relation.tail, relation.tail_start, relation.tail_end
    for event in record.event:
        if event.event_trigger:
            yield event.event_trigger, event.start, event.end
        for argument in event.arguments:
            if not argument.enumerated:
                yield argument.argument, argument.start, argument.end


def map_mentions(record: Record, change: Callable[[str, int | None, int | None], Span]) -> Record:
    """The record with each of its `spans` replaced by what `change` makes of it."""

    def entity(e: Entity) -> Entity:
        mention, start, end = change(e.entity, e.start, e.end)
        return replace(e, entity=mention, start=start, end=end)

    def relation(r: Relation) -> Relation:
        head, head_start, head_end = change(r.head, r.head_start, r.head_end)
        tail, tail_start, tail_end = change(r.tail, r.tail_start, r.tail_end)
        r = replace(r, head=head, head_start=head_start, head_end=head_end)
        return replace(r, tail=tail, tail_start=tail_start, tail_end=tail_end)

    def argument(a: Argument) -> Argument:
        if a.enumerated:
            return a
        mention, start, end = change(a.argument, a.start, a.end)
        return replace(a, argument=mention, start=start, end=end)

    def event(e: Event) -> Event:
        trigger, start, end = change(e.event_trigger, e.start, e.end) if e.event_trigger else ("", e.start, e.end)
        return replace(
            e, event_trigger=trigger, start=start, end=end, arguments=tuple(argument(a) for a in e.arguments)
        )

    return replace(
        record,
        entity=tuple(entity(e) for e in record.entity),
        relation=tuple(relation(r) for r in record.relation),
        event=tuple(event(e) for e in record.event),
    )
