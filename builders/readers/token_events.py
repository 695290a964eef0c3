"""Event JSON whose mentions are stretches of tokens: OneIE, JMEE, WikiEvents and RAMS.

OneIE (one sentence a line; ends exclusive, arguments by id):

    {"tokens", "sentence", "entity_mentions": [{"id", "entity_type", "start", "end"}],
     "event_mentions": [{"event_type", "trigger": {"start", "end"}, "arguments": [{"entity_id", "role"}]}]}

JMEE (an array of sentences, also the shape of CrudeOilNews; ends exclusive):

    {"words", "sentence", "golden-event-mentions": [{"event_type", "trigger": {"start", "end", "text"},
     "arguments": [{"role", "start", "end", "text"}]}]}

WikiEvents: OneIE's mentions, but a document a line, counted over its tokens, with
`"sentences": [[[["token", start, end], …], "text"], …]`.

RAMS (a window of sentences a line, one event each; counted over its tokens, ends INCLUSIVE):

    {"sentences": [["token", …], …], "evt_triggers": [[0, 0, [["type", 1.0]]]],
     "gold_evt_links": [[[0, 0], [3, 4], "evt089arg02place"]]}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..records import Argument, Entity, Event, Record, Rejected
from .columns import join_tokens
from .documents import sentence_events
from .lines import parse_json_items
from .mentions import place

Span = tuple[int, int]

_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
_BRACKET = re.compile("|".join(_BRACKETS))
_RAMS_ROLE = re.compile(r"evt\d+arg\d+")


def read_oneie(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with its entities and its events."""
    yield from parse_json_items(path, _oneie)


def read_jmee(path: Path, native: Callable[[str], str] = str) -> Iterator[Record | Rejected]:
    """Yield one record a sentence of an array; `native` is applied to types and roles whose spelling varies."""
    yield from parse_json_items(path, partial(_jmee, native=native))


def read_wikievents(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence; what lies outside its trigger's sentence is set aside."""
    yield from parse_json_items(path, _wikievents)


def read_rams(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a window; several may share a text, since each is about one event."""
    yield from parse_json_items(path, _rams)


def align(tokens: Sequence[str], sentence: str) -> tuple[str, list[Span]]:
    """The text and where each token stands in it.

    The text is the sentence as it was written, where the tokens are its pieces in order; else the tokens joined by
    one space.
    """
    tokens = [_BRACKET.sub(lambda found: _BRACKETS[found[0]], token) for token in tokens]
    text = " ".join(_BRACKET.sub(lambda found: _BRACKETS[found[0]], sentence).split())
    spans, end = [], 0
    for token in tokens:
        start = text.find(token, end)
        if start < 0 or text[end:start].strip():
            break
        end = start + len(token)
        spans.append((start, end))
    if len(spans) == len(tokens) and not text[end:].strip():
        return text, spans
    text, starts = join_tokens(tokens, " ")
    return text, [(start, start + len(token)) for start, token in zip(starts, tokens, strict=True)]


def _stretch(text: str, spans: Sequence[Span], first: int, end: int) -> tuple[str, int, int]:
    """The mention that tokens `first` to `end` (exclusive) make, with its place."""
    if not 0 <= first < end <= len(spans):
        raise ValueError(f"there are no tokens {first} to {end}")
    start, stop = spans[first][0], spans[end - 1][1]
    return text[start:stop], start, stop


def _oneie(data: Any, origin: str) -> Iterator[Record]:
    text, spans = align(data["tokens"], data.get("sentence", ""))
    events = tuple(_linked_events(data, text, spans))
    entities = []
    for entity in data["entity_mentions"]:
        mention, start, end = _stretch(text, spans, entity["start"], entity["end"])
        entities.append(Entity(mention, entity["entity_type"], start, end))
    yield Record(text, entity=tuple(entities), event=events, origin=origin)


def _linked_events(data: Mapping[str, Any], text: str, spans: Sequence[Span]) -> Iterator[Event]:
    """The events of OneIE's shape, whose arguments are ids of entity mentions."""
    mentions = {e["id"]: (e["start"], e["end"]) for e in data["entity_mentions"]}
    for event in data["event_mentions"]:
        trigger, start, end = _stretch(text, spans, event["trigger"]["start"], event["trigger"]["end"])
        arguments = []
        for argument in event["arguments"]:
            mention, first, last = _stretch(text, spans, *mentions[argument["entity_id"]])
            arguments.append(Argument(mention, argument["role"], first, last))
        yield Event(trigger, event["event_type"], tuple(arguments), start, end)


def _jmee(data: Any, origin: str, native: Callable[[str], str]) -> Iterator[Record]:
    text, spans = align(data["words"], data.get("sentence", ""))
    events = []
    for event in data["golden-event-mentions"]:
        trigger, start, end = _worded(text, spans, event["trigger"])
        arguments = []
        for argument in event["arguments"]:
            mention, first, last = _worded(text, spans, argument)
            arguments.append(Argument(mention, native(argument["role"]), first, last))
        events.append(Event(trigger, native(event["event_type"]), tuple(arguments), start, end))
    yield Record(text, event=tuple(events), origin=origin)


def _worded(text: str, spans: Sequence[Span], mention: Mapping[str, Any]) -> tuple[str, int | None, int | None]:
    """The tokens of a mention, not its `text`, which is the unsplit surface or cut; but that for an empty stretch."""
    first, end = mention["start"], mention["end"]
    if first == end:
        return place(text, mention["text"], spans[first][0] if first < len(spans) else len(text))
    return _stretch(text, spans, first, end)


def _wikievents(data: Any, origin: str) -> Iterator[Record | Rejected]:
    # `text` glues the sentences together, and offsets count from the original page: so both are made anew.
    lines, sentences, spans, length = [], [], [], 0
    for tokens, sentence in data["sentences"]:
        first = tokens[0][1] if tokens else 0
        spans += [(length + start - first, length + end - first) for _, start, end in tokens]
        left = length + len(sentence) - len(sentence.lstrip())
        sentences.append((left, left + len(sentence.strip())))
        lines.append(sentence)
        length += len(sentence) + 1
    text = "\n".join(lines)
    yield from sentence_events(text, sentences, _linked_events(data, text, spans), origin)


def _rams(data: Any, origin: str) -> Iterator[Record]:
    tokens = [token.replace("&amp;", "&") for sentence in data["sentences"] for token in sentence]
    text, starts = join_tokens(tokens, " ")
    spans = [(start, start + len(token)) for start, token in zip(starts, tokens, strict=True)]
    events = []
    for first, last, ((event_type, _probability), *_) in data["evt_triggers"]:
        trigger, start, end = _stretch(text, spans, first, last + 1)
        arguments = []
        for (of_first, of_last), (from_, to), role in data["gold_evt_links"]:
            if (of_first, of_last) == (first, last):
                mention, begin, stop = _stretch(text, spans, from_, to + 1)
                arguments.append(Argument(mention, _RAMS_ROLE.sub("", role, count=1), begin, stop))
        events.append(Event(trigger, event_type, tuple(arguments), start, end))
    yield Record(text, event=tuple(events), origin=origin)
