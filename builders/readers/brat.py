"""Standoff files of brat: a folder with a text and its annotations for each document (AnatEM).

`<document>.txt` is the text; `<document>.ann` holds one annotation a line, of which those of mentions count here:

    T1	Type 0 5	surface
    T2	Type 6 9;14 20	two pieces

Ends are exclusive. The unit is the sentence. Format: https://brat.nlplab.org/standoff.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..records import Record, Rejected
from .lines import read_text
from .mentions import span
from .sentences import Mention, sentence_records


def read_brat(folder: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, documents by name.

    A mention in pieces is set aside, since its string does not occur in the text; so is a text without annotations,
    or annotations without a text.
    """
    present = {path.name for path in folder.iterdir()}
    for name in sorted({name[:-4] for name in present if name.endswith((".txt", ".ann"))}):
        path, annotations = folder / f"{name}.txt", folder / f"{name}.ann"
        if missing := {path.name, annotations.name} - present:
            yield Rejected(str(folder / name), f"there is no {missing.pop()}")
            continue
        text = read_text(path)
        mentions: list[Mention] = []
        for number, line in enumerate(read_text(annotations).split("\n"), 1):
            if line.startswith("T"):
                mention = _mention(line, text)
                if isinstance(mention, str):
                    yield Rejected(f"{annotations}:{number}", mention, mention=True, content=line)
                else:
                    mentions.append(mention)
        yield from sentence_records(text, mentions, f"{path}:1")


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
