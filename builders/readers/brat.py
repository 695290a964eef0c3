"""Standoff files of brat: a folder with a text and its annotations for each document (AnatEM).

`<document>.txt` is the text; `<document>.ann` holds one annotation a line: mentions, relations and events.

    T1	Type 0 5	surface
    T2	Type 6 9;14 20	two pieces
    R1	Relation Arg1:T1 Arg2:T3
    E1	Event:T4 Role:T1 Role2:E2

Ends are exclusive; a role may carry a number where it is filled twice. The unit is the sentence. Format:
https://brat.nlplab.org/standoff.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..records import Argument, Event, Record, Rejected, Relation
from .documents import Span, sentence_events, sentence_relations
from .lines import read_text
from .mentions import span
from .sentences import Mention, sentence_records, split_sentences

_NUMBER = re.compile(r"\d+$")


def read_brat(folder: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence with its mentions, documents by name.

    A mention in pieces is set aside, since its string does not occur in the text; so is a text without annotations,
    or annotations without a text.
    """
    for document in _documents(folder):
        if isinstance(document, Rejected):
            yield document
        else:
            yield from sentence_records(document.text, list(document.mentions.values()), document.origin)


def read_brat_relations(folder: Path) -> Iterator[Record | Rejected]:
    """As `read_brat`, with relations and the types of their mentions; one across sentences is set aside."""
    for document in _documents(folder):
        if isinstance(document, Rejected):
            yield document
            continue
        text, relations = document.flat, []
        for origin, _, (label, *roles) in document.linked("R"):
            ends = [document.mentions.get(name) for _, name in sorted(map(_parted, roles))]
            if len(ends) != 2 or ends[0] is None or ends[1] is None:
                yield Rejected(origin, "a relation without its two mentions", mention=True, content=label)
                continue
            (a, b, head), (c, d, tail) = ends[0], ends[1]
            relations.append(Relation(text[a:b], label, text[c:d], head, tail, a, b, c, d))
        yield from sentence_relations(text, document.sentences, relations, document.origin)


def read_brat_events(folder: Path) -> Iterator[Record | Rejected]:
    """As `read_brat`, with events; an event that is an argument of another stands for its trigger."""
    for document in _documents(folder):
        if isinstance(document, Rejected):
            yield document
            continue
        text, events = document.flat, []
        linked = list(document.linked("E"))
        triggers = {name: _parted(words[0])[1] for _, name, words in linked}
        for origin, _, words in linked:
            (event_type, trigger), *roles = map(_parted, words)
            if trigger not in document.mentions:
                yield Rejected(origin, "an event without its trigger", mention=True, content=words[0])
                continue
            arguments = []
            for role, name in roles:
                if place := document.mentions.get(triggers.get(name, name)):
                    arguments.append(Argument(text[place[0] : place[1]], _NUMBER.sub("", role), *place[:2]))
                else:
                    yield Rejected(origin, "an argument without its mention", mention=True, content=f"{role}:{name}")
            start, end, _ = document.mentions[trigger]
            events.append(Event(text[start:end], event_type, tuple(arguments), start, end))
        yield from sentence_events(text, document.sentences, events, document.origin)


class _Document(NamedTuple):
    path: Path
    annotations: Path
    text: str
    mentions: dict[str, Mention]  # by their ids
    others: list[tuple[int, str]]  # the further lines of the annotations, with their numbers

    @property
    def origin(self) -> str:
        return f"{self.path}:1"

    @property
    def flat(self) -> str:
        """The text without line ends, which stand within a sentence only where a mention spans lines."""
        return self.text.replace("\n", " ").replace("\r", " ")

    @property
    def sentences(self) -> list[Span]:
        return split_sentences(self.text, protected=[(start, end) for start, end, _ in self.mentions.values()])

    def linked(self, kind: str) -> Iterator[tuple[str, str, list[str]]]:
        """(`file:line`, id, words) of each line whose id opens with this letter."""
        for number, line in self.others:
            name, _, rest = line.rstrip("\r").partition("\t")
            if name.startswith(kind) and (words := rest.split()):
                yield f"{self.annotations}:{number}", name, words


def _documents(folder: Path) -> Iterator[_Document | Rejected]:
    present = {path.name for path in folder.iterdir()}
    for name in sorted({name[:-4] for name in present if name.endswith((".txt", ".ann"))}):
        path, annotations = folder / f"{name}.txt", folder / f"{name}.ann"
        if missing := {path.name, annotations.name} - present:
            yield Rejected(str(folder / name), f"there is no {missing.pop()}")
            continue
        document = _Document(path, annotations, read_text(path), {}, [])
        for number, line in enumerate(read_text(annotations).split("\n"), 1):
            if not line.startswith("T"):
                document.others.append((number, line))
                continue
            mention = _mention(line, document.text)
            if isinstance(mention, str):
                yield Rejected(f"{annotations}:{number}", mention, mention=True, content=line)
            else:
                document.mentions[line.partition("\t")[0]] = mention
        yield document


def _parted(word: str) -> tuple[str, str]:
    """The role and the id of `Role:T1`."""
    role, _, name = word.rpartition(":")
    return role, name


def _mention(line: str, text: str) -> Mention | str:
    """The mention of a line, or what is wrong with it."""
    try:
        _, where, mention = line.split("\t", 2)
        label, _, offsets = where.partition(" ")
        if ";" in offsets:
            return "a mention in pieces"
        start, end = offsets.split()
        found = span(text, int(start), int(end), mention)
    except ValueError:
        return "not a line of brat"
    return found if isinstance(found, str) else (*found, label)
