"""From the annotation of a document to records of its sentences."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from ..records import Argument, Entity, Event, Record, Rejected, Relation

Span = tuple[int, int]


def sentence_entities(
    text: str, sentences: Sequence[Span], entities: Iterable[Entity], origin: str
) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with the entities in it; one that lies in no sentence is set aside.

    Arguments as in `sentence_events`.
    """
    starts = [start for start, _ in sentences]
    inside: list[list[Entity]] = [[] for _ in sentences]
    for entity in entities:
        home = _sentence_of(entity.start, entity.end, sentences, starts)
        if isinstance(home, str):
            yield Rejected(origin, f"entity {home}", True, f"{entity.entity_type}: {entity.entity}")
            continue
        assert entity.start is not None and entity.end is not None
        first = starts[home]
        inside[home].append(Entity(entity.entity, entity.entity_type, entity.start - first, entity.end - first))
    for (start, end), found in zip(sentences, inside, strict=True):
        yield Record(text[start:end], entity=tuple(found), origin=origin)


def sentence_relations(
    text: str, sentences: Sequence[Span], relations: Iterable[Relation], origin: str
) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with the relations whose mentions both lie in it; another one is set aside.

    Arguments as in `sentence_events`.
    """
    starts = [start for start, _ in sentences]
    inside: list[list[Relation]] = [[] for _ in sentences]
    for r in relations:
        home = _sentence_of(r.head_start, r.head_end, sentences, starts)
        other = _sentence_of(r.tail_start, r.tail_end, sentences, starts)
        if isinstance(home, str) or home != other:
            why = next((place for place in (home, other) if isinstance(place, str)), "across sentences")
            yield Rejected(origin, f"relation {why}", True, f"{r.head}, {r.relation}, {r.tail}")
            continue
        places = (r.head_start, r.head_end, r.tail_start, r.tail_end)
        moved = [place - starts[home] for place in places if place is not None]
        inside[home].append(Relation(r.head, r.relation, r.tail, r.head_type, r.tail_type, *moved))
    for (start, end), found in zip(sentences, inside, strict=True):
        yield Record(text[start:end], relation=tuple(found), origin=origin)


def sentence_events(
    text: str, sentences: Sequence[Span], events: Iterable[Event], origin: str
) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with the events whose trigger lies in it; offsets become those of the sentence.

    A sentence shows only what lies in it, so an argument elsewhere and a mention that crosses a sentence's end are
    set aside; without its trigger an event has no sentence, so it goes too, with its arguments.

    Args:
        text: the document.
        sentences: (start, end) of each, in order, end exclusive.
        events: with offsets into the document; a mention whose place is not known is set aside.
        origin: `file:line` of the document.
    """
    starts = [start for start, _ in sentences]
    inside: list[list[Event]] = [[] for _ in sentences]
    for event in events:
        home = _sentence_of(event.start, event.end, sentences, starts)
        if isinstance(home, str):
            yield Rejected(origin, f"trigger {home}", True, f"{event.event_type}: {event.event_trigger}")
            for argument in event.arguments:
                yield Rejected(origin, "argument of an event set aside", True, f"{argument.role}: {argument.argument}")
            continue
        first = starts[home]
        arguments = []
        for argument in event.arguments:
            place = _sentence_of(argument.start, argument.end, sentences, starts)
            if place != home:
                reason = place if isinstance(place, str) else "outside its trigger's sentence"
                yield Rejected(origin, f"argument {reason}", True, f"{argument.role}: {argument.argument}")
                continue
            assert argument.start is not None and argument.end is not None
            arguments.append(Argument(argument.argument, argument.role, argument.start - first, argument.end - first))
        assert event.start is not None and event.end is not None
        inside[home].append(
            Event(event.event_trigger, event.event_type, tuple(arguments), event.start - first, event.end - first)
        )
    for (start, end), found in zip(sentences, inside, strict=True):
        yield Record(text[start:end], event=tuple(found), origin=origin)


def _sentence_of(start: int | None, end: int | None, sentences: Sequence[Span], starts: Sequence[int]) -> int | str:
    """The number of the sentence that a mention lies in, or why there is none."""
    if start is None or end is None:
        return "not in the text"
    number = bisect_right(starts, start) - 1
    if number < 0 or start >= sentences[number][1]:
        return "outside all sentences"
    return number if end <= sentences[number][1] else "across sentences"
