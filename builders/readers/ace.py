"""ACE 2005: the text of a document in `X.sgm`, its annotation in `X.apf.xml`.

Offsets count the characters of the .sgm without its tags; a line end is one, `&amp;` is five. Ends are inclusive.
Only what stands within `<TEXT>` becomes records; sentences end at tags and empty lines too. The layout was learned
from public descriptions of it, since the corpus is licensed (https://catalog.ldc.upenn.edu/LDC2006T06).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from ..errors import FormatError
from ..records import Argument, Entity, Event, Record, Rejected
from .ace_lists import Division
from .documents import sentence_entities, sentence_events
from .lines import read_lines
from .sentences import split_sentences

Span = tuple[int, int]

ANNOTATION = ".apf.xml"
_TAG = re.compile(r"<[^<>]+>")
_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}
_UNTIDY = re.compile(r"\s*\n\s*|" + "|".join(_ESCAPES))


def read_apf_entities(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with the full extent of every entity mention in it, nested ones too."""
    document = _read_document(path)
    items = sentence_entities(document.text, document.sentences, document.entities, document.origin)
    yield from map(_tidy, items)


def read_apf_events(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with its events; an argument that is an entity mention is its head."""
    document = _read_document(path)
    items = sentence_events(document.text, document.sentences, document.events, document.origin)
    yield from map(_tidy, items)


def split_documents(folder: Path, division: Division, split: str) -> Sequence[Path]:
    """The annotation files of a split, below the corpus's folder; a file in its place is its own only document.

    The corpus holds each document up to four times and three languages: the English ones are taken, from the folders
    `timex2norm` (the final annotation) where there are any, else `adj`.
    """
    if folder.is_file():
        return (folder,)
    paths = sorted(folder.rglob(f"*{ANNOTATION}"))
    paths = _within(paths, "English") or paths
    paths = _within(paths, "timex2norm") or _within(paths, "adj") or paths
    return [path for path in paths if division.split(path.name.removesuffix(ANNOTATION)) == split]


def _within(paths: Sequence[Path], folder: str) -> list[Path]:
    return [path for path in paths if folder in path.parts]


class _Document(NamedTuple):
    text: str
    sentences: Sequence[Span]
    entities: Sequence[Entity]
    events: Sequence[Event]
    origin: str


def _read_document(path: Path) -> _Document:
    text, stretches = _read_sgm(path.with_name(path.name.removesuffix(ANNOTATION) + ".sgm"))
    try:
        root = ElementTree.parse(path).getroot()
        extents = {m.attrib["ID"]: _span(m, "extent") for m in root.iter("entity_mention")}
        heads = {m.attrib["ID"]: _span(m, "head") for m in root.iter("entity_mention")}
        entities = [
            Entity(text[slice(*extents[m.attrib["ID"]])], entity.attrib["TYPE"], *extents[m.attrib["ID"]])
            for entity in root.iter("entity")
            for m in entity.iter("entity_mention")
        ]
        events = [
            _event(text, event.attrib, mention, heads)
            for event in root.iter("event")
            for mention in event.iter("event_mention")
        ]
    except ElementTree.ParseError as error:
        raise FormatError(f"{path}:{error.position[0]}: not XML ({error}); is the file complete?") from None
    except KeyError as error:
        raise FormatError(f"{path}:1: an element lacks {error}; is it an ACE annotation file?") from None
    whole = [*extents.values(), *((e.start, e.end) for e in events if e.start is not None and e.end is not None)]
    sentences = [
        (start + first, start + end)
        for start, stop in stretches
        for first, end in split_sentences(text[start:stop], protected=_inside(whole, start, stop), lines=False)
    ]
    return _Document(text, sentences, entities, events, f"{path}:1")


def _inside(spans: Iterable[Span], start: int, stop: int) -> Iterator[Span]:
    """The spans that lie in a stretch, counted from its start."""
    return ((first - start, end - start) for first, end in spans if start <= first and end <= stop)


def _read_sgm(path: Path) -> tuple[str, list[Span]]:
    """The text without its tags, and the stretches of it between the tags within `<TEXT>`."""
    if not path.is_file():
        raise FormatError(f"{path}:1: the text of {path.stem}{ANNOTATION} is missing; put it beside that file.")
    raw = "\n".join(line for _, line in read_lines(path))
    pieces, stretches = [], []
    length = begin = start = 0
    inside = False
    for tag in _TAG.finditer(raw):
        pieces.append(raw[start : tag.start()])
        length += tag.start() - start
        start = tag.end()
        if inside and length > begin:
            stretches.append((begin, length))
        begin = length
        inside = tag[0] == "<TEXT>" or (inside and tag[0] != "</TEXT>")
    pieces.append(raw[start:])
    return "".join(pieces), stretches


def _event(text: str, event: dict[str, str], mention: ElementTree.Element, heads: dict[str, Span]) -> Event:
    arguments = []
    for argument in mention.iter("event_mention_argument"):
        # Values and times have no head.
        start, end = heads.get(argument.attrib["REFID"]) or _span(argument, "extent")
        arguments.append(Argument(text[start:end], argument.attrib["ROLE"], start, end))
    start, end = _span(mention, "anchor")
    return Event(text[start:end], f"{event['TYPE']}:{event['SUBTYPE']}", tuple(arguments), start, end)


def _span(element: ElementTree.Element, part: str) -> Span:
    """(start, end) of the mention's part, end exclusive."""
    found = element.find(f"{part}/charseq")
    if found is None:
        raise KeyError(f"{part}/charseq")
    return int(found.attrib["START"]), int(found.attrib["END"]) + 1


def _tidy(item: Record | Rejected) -> Record | Rejected:
    """The record with line ends as blanks and escapes as their characters, offsets moved with them."""
    if isinstance(item, Rejected) or not _UNTIDY.search(item.text):
        return item
    text = _tidied(item.text)

    def at(place: int | None) -> int | None:
        return None if place is None else len(_tidied(item.text[:place]))

    def moved(mention: Entity | Argument | Event) -> tuple[str, int | None, int | None]:
        start, end = at(mention.start), at(mention.end)
        return text[start:end], start, end

    entities = []
    for entity in item.entity:
        string, start, end = moved(entity)
        entities.append(Entity(string, entity.entity_type, start, end))
    events = []
    for event in item.event:
        arguments = []
        for argument in event.arguments:
            string, start, end = moved(argument)
            arguments.append(Argument(string, argument.role, start, end))
        string, start, end = moved(event)
        events.append(Event(string, event.event_type, tuple(arguments), start, end))
    return replace(item, text=text, entity=tuple(entities), event=tuple(events))


def _tidied(raw: str) -> str:
    return _UNTIDY.sub(lambda found: _ESCAPES.get(found[0], " "), raw)
