"""PHEE's JSON lines: events nested in sentences, arguments nested in arguments, each mention a list of pieces.

    {"id", "context", "annotations": [{"events": [{"event_type", "Trigger": SPAN, "Subject": {SPAN, "Age": SPAN, …},
     "Treatment": {SPAN, "Drug": SPAN, "Combination": [{"event_type", "Trigger": SPAN, "Drug": SPAN}], …}, …}]}]}

where SPAN is `"text": [["piece", …], …], "start": [[0, …], …]`, one inner list a mention; a mention of several pieces
is discontinuous.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..records import Argument, Event, Record, Rejected
from .lines import parse_json_items
from .mentions import place

_ATTRIBUTES = {"Severity", "Speculated", "Negated"}  # they say how the event is told and are no arguments of it

Mention = tuple[str, int | None, int | None]


def read_nested_events(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence; an argument inside another has the role `Outer.Inner`.

    A discontinuous mention is set aside, since its string does not occur in the text.
    """
    return parse_json_items(path, _sentence)


def _sentence(data: Any, origin: str) -> Iterator[Record | Rejected]:
    text: str = data["context"]
    broken: list[Rejected] = []
    events = tuple(
        _event(event, text, origin, broken) for annotation in data["annotations"] for event in annotation["events"]
    )
    yield Record(text, event=events, origin=origin)
    yield from broken


def _event(event: Mapping[str, Any], text: str, origin: str, broken: list[Rejected]) -> Event:
    trigger = next(_mentions(event["Trigger"], "Trigger", text, origin, broken), ("", None, None))
    arguments = tuple(
        Argument(mention, role, start, end)
        for role, span in _roles(event)
        for mention, start, end in _mentions(span, role, text, origin, broken)
    )
    return Event(trigger[0], event["event_type"], arguments, trigger[1], trigger[2])


def _roles(event: Mapping[str, Any], outer: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(role, span) of an event's arguments and of the arguments in them."""
    for role, span in event.items():
        if role == "Combination":
            # An event of its own, told inside the treatment: which drugs were given together.
            for combination in span:
                yield from _roles(combination, "Combination.")
        elif isinstance(span, dict) and role != "Trigger" and role not in _ATTRIBUTES:
            yield outer + role, span
            yield from _roles(span, f"{outer}{role}.")


def _mentions(span: Mapping[str, Any], role: str, text: str, origin: str, broken: list[Rejected]) -> Iterator[Mention]:
    for pieces, starts in zip(span["text"], span["start"], strict=True):
        if len(pieces) == 1:
            yield place(text, pieces[0], starts[0])
        else:
            broken.append(Rejected(origin, "discontinuous mention", True, f"{role}: {' … '.join(pieces)}"))
