"""From the answers to a text's schema batches to one `Result`: mentions placed, repeats dropped, doubts noted."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from ..builders.tasks import NAN, Task
from .grounding import Grounder, Mention, Span
from .results import Argument, Entity, Event, Relation, Result

_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？\n]")


class Written(str):
    """A string of an answer that knows how sure the model was of it."""

    __slots__ = ("confidence",)
    confidence: float


@dataclass(frozen=True)
class Part:
    """The answer to one schema batch about one stretch of the text, which starts at `offset`."""

    entries: Sequence[Any]
    answer: Mapping[str, Any]
    text: str
    offset: int = 0


def build_result(
    text: str, task: Task, language: str, parts: Iterable[Part], notes: Sequence[str] = (), threshold: float = 0.0
) -> Result:
    """Put the answers to one text's batches together.

    Args:
        text: the whole text.
        task: what was asked.
        language: that of the instruction.
        parts: the answers.
        notes: what is to be told about how they came to be.
        threshold: items of a lower confidence are left out; items without one stay.
    """
    answer: dict[str, Any] = {}
    found: list[Any] = []
    grounders: dict[tuple[str, int], Grounder] = {}
    for part in parts:
        place = _Placer(grounders.setdefault((part.text, part.offset), Grounder(part.text)), part.offset)
        for entry in part.entries:
            key = task.entry_key(entry)
            values = part.answer[key]
            answer[key] = _joined(answer[key], values) if key in answer else values
            found += _READERS[task.family](key, entry, values, place)
    kept = _distinct(_sure(found, threshold))
    result = Result(
        text,
        task.name,
        language,
        tuple(item for item in kept if isinstance(item, Entity)),
        tuple(item for item in kept if isinstance(item, Relation)),
        tuple(item for item in kept if isinstance(item, Event)),
        answer,
        tuple(notes),
    )
    unsupported = sum(mention.match == "unsupported" for _, mention in result.mentions())
    note = f"{unsupported} mention{'s' * (unsupported > 1)} not found in the text"
    return replace(result, notes=(*notes, note)) if unsupported else result


def _joined(one: Any, other: Any) -> Any:
    """The answers to one entry about two stretches of the text."""
    if isinstance(one, Mapping):
        return {**one, **{name: _joined(one[name], value) if name in one else value for name, value in other.items()}}
    if isinstance(one, str) or isinstance(other, str):  # values of an attribute
        one, other = ([value] if isinstance(value, str) else value for value in (one, other))
        values = list(dict.fromkeys([*one, *other]))
        return values if len(values) > 1 else values[0]
    return [*one, *other]


@dataclass(frozen=True)
class _Placer:
    """Grounds mentions in a stretch of the text and gives their places in the whole."""

    grounder: Grounder
    offset: int

    def together(self, mentions: Sequence[str]) -> list[Mention]:
        return [self._moved(mention) for mention in self.grounder.ground(mentions)]

    def near(self, mention: str, anchor: Mention | None) -> Mention:
        """The mention at its occurrence nearest to the anchor; the first where there is none."""
        match, spans = self.grounder.find(mention)
        if not spans:
            return Mention(mention)
        if anchor is None or anchor.start is None or anchor.end is None:
            return self._moved(Mention(mention, *spans[0], spans, match))
        around = (anchor.start - self.offset, anchor.end - self.offset)
        nearest = min(_neighbours(around, spans), key=lambda span: self._gap(span, around))
        return self._moved(Mention(mention, *nearest, spans, match))

    def pair(self, one: str, other: str) -> tuple[Mention, Mention]:
        """Both at the occurrences nearest to each other."""
        others = self.grounder.find(other)[1]
        pairs = ((span, near) for span in self.grounder.find(one)[1] for near in _neighbours(span, others))
        nearest = min(pairs, key=lambda pair: self._gap(*pair), default=None)
        first = self.near(one, nearest and self._moved(Mention(other, *nearest[1])))
        return first, self.near(other, first)

    def _gap(self, one: Span, other: Span) -> int:
        """Characters between two spans, many more where a sentence ends there or they overlap."""
        if one[0] < other[1] and other[0] < one[1]:
            return 2 << 20
        start, end = min(one[1], other[1]), max(one[0], other[0])
        return end - start + (1 << 20) * bool(_SENTENCE_END.search(self.grounder.text, start, end))

    def _moved(self, mention: Mention) -> Mention:
        if not self.offset or mention.start is None or mention.end is None:
            return mention
        spans = tuple((start + self.offset, end + self.offset) for start, end in mention.spans)
        return replace(mention, start=mention.start + self.offset, end=mention.end + self.offset, spans=spans)


def _neighbours(span: Span, others: Sequence[Span]) -> Sequence[Span]:
    """Of occurrences in order, the last before a span, the first behind it, and what lies between the two."""
    before = bisect_right(others, span[0], key=itemgetter(1)) - 1
    behind = bisect_left(others, span[1], key=itemgetter(0))
    return others[max(before, 0) : behind + 1]


def _entities(key: str, entry: Any, values: Sequence[str], place: _Placer) -> list[Entity]:
    mentions = [value for value in values if value.strip()]
    return [Entity(key, m, _confidence(v)) for m, v in zip(place.together(mentions), mentions, strict=True)]


def _relations(key: str, entry: Any, values: Any, place: _Placer) -> list[Relation]:
    if isinstance(values, Mapping):  # entities with their attributes
        types, triples = (entry["entity_type"], ""), list(_attributes(values))
    else:
        types = (entry["subject_type"], entry["object_type"]) if isinstance(entry, Mapping) else ("", "")
        triples = [(value["subject"], key, value["object"]) for value in values]
    found = []
    for subject, relation, obj in triples:
        if subject.strip() and obj.strip():
            at = place.pair(subject, obj)
            sure = _least(_confidence(subject), _confidence(obj))
            found.append(Relation(at[0], relation, at[1], types[0], types[1], sure))
    return found


def _attributes(entities: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for entity, attributes in entities.items():
        for name, values in attributes.items():
            for value in [values] if isinstance(values, str) else values:
                yield entity, name, value


def _events(key: str, entry: Any, values: Sequence[Any], place: _Placer) -> list[Event]:
    events = [value if isinstance(value, Mapping) else {"trigger": value, "arguments": {}} for value in values]
    named = [event["trigger"] for event in events if event["trigger"] not in ("", NAN)]
    triggers = iter(place.together(named))
    found = []
    for event in events:
        trigger = next(triggers) if event["trigger"] not in ("", NAN) else None
        arguments = tuple(
            Argument(role, place.near(value, trigger), _confidence(value))
            for role, filled in event["arguments"].items()
            for value in ([filled] if isinstance(filled, str) else filled)
            if value.strip() and value != NAN
        )
        if trigger or arguments:
            found.append(Event(key, trigger, arguments, _confidence(event["trigger"])))
    return found


_READERS: Mapping[str, Callable[[str, Any, Any, _Placer], Sequence[Any]]] = {
    "entity": _entities,
    "relation": _relations,
    "event": _events,
}


def _confidence(value: str) -> float | None:
    return value.confidence if isinstance(value, Written) else None


def _least(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return min(known) if known else None


def _sure(items: Iterable[Any], threshold: float) -> Iterator[Any]:
    """The items that are sure enough, events with those of their arguments that are."""
    for item in items:
        if item.confidence is None or item.confidence >= threshold:
            yield replace(item, arguments=tuple(_sure(item.arguments, threshold))) if isinstance(item, Event) else item


def _distinct(items: Iterable[Any]) -> list[Any]:
    """Each item once: a model repeats itself, and stretches of a long text overlap."""
    kept: dict[Any, Any] = {}
    for item in items:
        kept.setdefault(_identity(item), item)
    return list(kept.values())


def _identity(item: Any) -> Any:
    if isinstance(item, Entity):
        return item.type, _where(item.mention)
    if isinstance(item, Relation):
        return _where(item.subject), item.relation, _where(item.object), item.subject_type, item.object_type
    arguments = tuple((argument.role, _where(argument.mention)) for argument in item.arguments)
    return item.type, item.trigger and _where(item.trigger), arguments


def _where(mention: Mention) -> Any:
    return mention.text if mention.start is None else (mention.start, mention.end)
