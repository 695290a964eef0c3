"""The record: one text and what was annotated in it, the same for all sources and tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entity:
    """A typed mention; `start` and `end` are character offsets into the text, end exclusive."""

    entity: str
    entity_type: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A triple of head (subject), relation and tail (object); offsets as in `Entity`."""

    head: str
    relation: str
    tail: str
    head_type: str = ""
    tail_type: str = ""
    head_start: int | None = None
    head_end: int | None = None
    tail_start: int | None = None
    tail_end: int | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """What fills a role of an event; offsets as in `Entity`.

    `enumerated` marks one of the listed values of its role: a class, which need not stand in the text.
    """

    argument: str
    role: str
    start: int | None = None
    end: int | None = None
    enumerated: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A typed event; the trigger is empty where the source names none."""

    event_trigger: str
    event_type: str
    arguments: tuple[Argument, ...] = ()
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One text with its annotations.

    `id` is `<source>/<split>/<n>`, given when the source is read; `origin` is `file:line`, for messages alone.
    """

    text: str
    entity: tuple[Entity, ...] = ()
    relation: tuple[Relation, ...] = ()
    event: tuple[Event, ...] = ()
    id: str = ""
    origin: str = ""

    def mentions(self) -> Iterator[str]:
        """Every string that was annotated in the text, in the order of the annotation; triggers may be missing."""
        for entity in self.entity:
            yield entity.entity
        for relation in self.relation:
            yield relation.head
            yield relation.tail
        for event in self.event:
            if event.event_trigger:
                yield event.event_trigger
            for argument in event.arguments:
                if not argument.enumerated:
                    yield argument.argument

    def to_dict(self) -> dict[str, Any]:
        """The published field names; offsets and types only where they are known."""
        return {
            "text": self.text,
            "entity": [_known(e, ("entity", "entity_type", "start", "end")) for e in self.entity],
            "relation": [_known(r, _RELATION) for r in self.relation],
            "event": [
                {
                    **_known(e, ("event_trigger", "event_type", "start", "end")),
                    "arguments": [_known(a, ("argument", "role", "start", "end", "enumerated")) for a in e.arguments],
                }
                for e in self.event
            ],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any], origin: str = "", id: str = "") -> Record:
        """The inverse of `to_dict`; absent lists are empty.

        Raises:
            KeyError, TypeError: where a field is missing or unknown.
        """
        entities, relations, events = data.get("entity"), data.get("relation"), data.get("event")
        return cls(
            data["text"],
            tuple([Entity(**e) for e in entities]) if entities else (),
            tuple([Relation(**r) for r in relations]) if relations else (),
            tuple([_event(**e) for e in events]) if events else (),
            id,
            origin,
        )


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was set aside: a malformed record, or (`mention`) one mention of a record that stays."""

    origin: str
    reason: str
    mention: bool = False
    content: str = ""


_RELATION = (
    *("head", "head_type", "relation", "tail", "tail_type"),
    *("head_start", "head_end", "tail_start", "tail_end"),
)


def _event(arguments: Sequence[dict[str, Any]] = (), **fields: Any) -> Event:
    return Event(**fields, arguments=tuple([Argument(**a) for a in arguments]))


def _known(item: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    values = ((name, getattr(item, name)) for name in fields)
    # An empty trigger is a fact ("no trigger"); an empty type only means that none is known.
    absent = {"head_type": "", "tail_type": "", "enumerated": False}
    return {k: v for k, v in values if v is not None and (k not in absent or v != absent[k])}
