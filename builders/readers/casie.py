"""CASIE's annotation files, one JSON object a document.

    {"sourcefile", "info": {"date": "2017_04_14", …}, "content", "cyberevent": {"hopper": [{"index", "events": [
     {"type", "subtype", "nugget": SPAN, "argument"?: [{SPAN, "role": {"type"}}]}]}]}}

where SPAN is `"startOffset", "endOffset", "text"`: characters of `content`, end exclusive, in some documents a little
too far right. A hopper is one event, its events are the mentions of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..records import Argument, Event, Record, Rejected
from .documents import sentence_events
from .lines import parse_object, read_json
from .mentions import place
from .sentences import split_sentences

# What the documents are ordered by; found without decoding them, since each split looks through all of them.
_ORDER = (re.compile(rb'"date"\s*:\s*"([^"]*)"'), re.compile(rb'"sourcefile"\s*:\s*"([^"]*)"'))
_STRAY = "</text>"  # left in the content of a few documents


def read_casie(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence of the document."""
    yield from parse_object(_document, read_json(path), f"{path}:1")


def newest_first(folder: Path, first: float, end: float, left_out: frozenset[str] = frozenset()) -> Sequence[Path]:
    """A stretch of the documents of a folder, which are ordered by date and then by name, both falling, as strings.

    Args:
        folder: with one `<id>.json` a document.
        first, end: the stretch, as shares of all documents; so a part of the corpus is divided as the whole is.
        left_out: ids of documents that belong to no stretch.
    """
    dated = []
    for path in folder.glob("*.json"):
        if path.stem not in left_out:
            date, name = (found[1] if (found := key.search(path.read_bytes())) else b"" for key in _ORDER)
            dated.append((date, name, path))
    newest = [path for _, _, path in sorted(dated, reverse=True)]
    return newest[round(first * len(newest)) : round(end * len(newest))]


def _document(data: Any, origin: str) -> Iterator[Record | Rejected]:
    text = data["content"].replace(_STRAY, " " * len(_STRAY))
    events = [_event(event, text) for hopper in data["cyberevent"]["hopper"] for event in hopper["events"]]
    yield from sentence_events(text, split_sentences(text), events, origin)


def _event(event: Mapping[str, Any], text: str) -> Event:
    trigger, start, end = _span(event["nugget"], text)
    arguments = []
    for argument in event.get("argument", ()):
        mention, first, last = _span(argument, text)
        arguments.append(Argument(mention, argument["role"]["type"], first, last))
    return Event(trigger, event["subtype"], tuple(arguments), start, end)


def _span(span: Mapping[str, Any], text: str) -> tuple[str, int | None, int | None]:
    return place(text, span["text"], span["startOffset"])
