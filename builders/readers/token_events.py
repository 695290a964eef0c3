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
from .documents import sentence_events
from .lines import parse_json_items
from .mentions import place
from .token_spans import BRACKETS, Span, Tokens

_BRACKET = re.compile("|".join(BRACKETS))
_RAMS_ROLE = re.compile(r"evt\d+arg\d+")


def read_oneie(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with its entities and its events."""
    return parse_json_items(path, _oneie)


def read_jmee(path: Path, native: Callable[[str], str] = str) -> Iterator[Record | Rejected]:
    """Yield one record a sentence of an array; `native` is applied to types and roles whose spelling varies."""
    return parse_json_items(path, partial(_jmee, native=native))


def read_wikievents(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence; what lies outside its trigger's sentence is set aside."""
    return parse_json_items(path, _wikievents)


def read_rams(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a window; several may share a text, since each is about one event."""
    return parse_json_items(path, _rams)


class _Written(Tokens):
    """Tokens of a sentence that is given too: it is the text where they are its pieces in order, blanks apart.

    Elsewhere the text is the tokens with one space between them.
    """

    def __init__(self, tokens: Sequence[str], sentence: str) -> None:
        super().__init__(tokens)
        text = " ".join(_BRACKET.sub(lambda found: BRACKETS[found[0]], sentence).split())
        starts, end = [], 0
        for piece in self.pieces:
            start = text.find(piece, end)
            if start < 0 or text[end:start].strip():
                return
            starts.append(start)
            end = start + len(piece)
        if not text[end:].strip():
            self.text, self.starts = text, starts


def _oneie(data: Any, origin: str) -> Iterator[Record]:
    tokens = _Written(data["tokens"], data.get("sentence", ""))
    entities = []
    for entity in data["entity_mentions"]:
        mention, start, end = tokens.span(entity["start"], entity["end"] - 1)
        entities.append(Entity(mention, entity["entity_type"], start, end))
    events = tuple(_linked_events(data, tokens.span))
    yield Record(tokens.text, entity=tuple(entities), event=events, origin=origin)


def _linked_events(data: Mapping[str, Any], span: Callable[[int, int], Span]) -> Iterator[Event]:
    """The events of OneIE's shape, whose arguments are ids of entity mentions; `span` takes the last token."""
    mentions = {e["id"]: (e["start"], e["end"] - 1) for e in data["entity_mentions"]}
    for event in data["event_mentions"]:
        trigger, start, end = span(event["trigger"]["start"], event["trigger"]["end"] - 1)
        arguments = []
        for argument in event["arguments"]:
            mention, first, last = span(*mentions[argument["entity_id"]])
            arguments.append(Argument(mention, argument["role"], first, last))
        yield Event(trigger, event["event_type"], tuple(arguments), start, end)


def _jmee(data: Any, origin: str, native: Callable[[str], str]) -> Iterator[Record]:
    tokens = _Written(data["words"], data.get("sentence", ""))
    events = []
    for event in data["golden-event-mentions"]:
        trigger, start, end = _worded(tokens, event["trigger"])
        arguments = []
        for argument in event["arguments"]:
            mention, first, last = _worded(tokens, argument)
            arguments.append(Argument(mention, native(argument["role"]), first, last))
        events.append(Event(trigger, native(event["event_type"]), tuple(arguments), start, end))
    yield Record(tokens.text, event=tuple(events), origin=origin)


def _worded(tokens: Tokens, mention: Mapping[str, Any]) -> tuple[str, int | None, int | None]:
    """The tokens of a mention, not its `text`, which is the unsplit surface or cut; but that for an empty stretch."""
    first, end = mention["start"], mention["end"]
    return place(tokens.text, mention["text"], tokens.starts[first]) if first == end else tokens.span(first, end - 1)


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

    def span(first: int, last: int) -> Span:
        start, end = spans[first][0], spans[last][1]
        return text[start:end], start, end

    yield from sentence_events(text, sentences, _linked_events(data, span), origin)


def _rams(data: Any, origin: str) -> Iterator[Record]:
    tokens = Tokens([token.replace("&amp;", "&") for sentence in data["sentences"] for token in sentence])
    events = []
    for first, last, ((event_type, _probability), *_) in data["evt_triggers"]:
        arguments = []
        for trigger, filler, role in data["gold_evt_links"]:
            if trigger == [first, last]:
                mention, start, end = tokens.span(*filler)
                arguments.append(Argument(mention, _RAMS_ROLE.sub("", role, count=1), start, end))
        mention, start, end = tokens.span(first, last)
        events.append(Event(mention, event_type, tuple(arguments), start, end))
    yield Record(tokens.text, event=tuple(events), origin=origin)
