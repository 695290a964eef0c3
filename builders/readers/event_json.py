"""JSON lines of Chinese event corpora: a text and its events, spans as strings with a start, or none.

Baidu (DuEE1.0, DuEE-fin):

    {"text", "title"?, "event_list"?: [{"event_type", "trigger", "trigger_start_index"?,
     "arguments": [{"role", "argument", "argument_start_index"?}]}]}

FewFC, where the trigger is the mention with the role `trigger`, and ends are exclusive:

    {"content", "events": [{"type", "mentions": [{"word", "span": [0, 2], "role"}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..records import Argument, Event, Record, Rejected
from .lines import parse_json_items
from .mentions import place


def read_event_lists(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a line of Baidu's shape; a document without `event_list` has no event.

    The text of a document is its title, a line end and its text, since some arguments stand in the title alone; a
    text that opens with its title is left as it is.
    """
    return parse_json_items(path, _baidu)


def read_event_mentions(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a line of FewFC's shape."""
    return parse_json_items(path, _fewfc)


def _baidu(data: Any, origin: str) -> Iterator[Record]:
    text, title = data["text"], data.get("title", "")
    shift = 0
    if not text.startswith(title):
        text, shift = f"{title}\n{text}", len(title) + 1
    events = []
    for event in data.get("event_list", ()):
        trigger, start, end = place(text, event["trigger"], _shifted(event.get("trigger_start_index"), shift))
        arguments = (_argument(text, a, shift) for a in event["arguments"])
        events.append(Event(trigger, event["event_type"], tuple(arguments), start, end))
    yield Record(text, event=tuple(events), origin=origin)


def _argument(text: str, argument: Mapping[str, Any], shift: int) -> Argument:
    mention, start, end = place(text, argument["argument"], _shifted(argument.get("argument_start_index"), shift))
    return Argument(mention, argument["role"], start, end)


def _shifted(start: int | None, shift: int) -> int | None:
    return None if start is None else start + shift


def _fewfc(data: Any, origin: str) -> Iterator[Record]:
    text: str = data["content"]
    events = []
    for event in data["events"]:
        trigger: tuple[str, int | None, int | None] = ("", None, None)
        arguments = []
        for mention in event["mentions"]:
            word, start, end = place(text, mention["word"], mention["span"][0])
            if mention["role"] == "trigger":
                trigger = (word, start, end)
            else:
                arguments.append(Argument(word, mention["role"], start, end))
        events.append(Event(trigger[0], event["type"], tuple(arguments), trigger[1], trigger[2]))
    yield Record(text, event=tuple(events), origin=origin)
