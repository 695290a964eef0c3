"""Gene mentions of BioCreative II: a file of sentences, and beside it one of mentions (BC2GM).

    train.in     P00001 Of alkaline phosphatase and others.
    GENE.eval    P00001|2 20|alkaline phosphatase

Offsets count the characters that are no blanks, and the end is inclusive. `ALTGENE.eval` lists other acceptable
boundaries of the same genes and is not read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from pathlib import Path

from ..errors import FormatError
from ..records import Entity, Record, Rejected
from .lines import read_lines
from .mentions import nearest

Line = tuple[int, str]  # its number and itself


def read_gene_mentions(folder: Path, held_out: Container[str] = ()) -> Iterator[Record | Rejected]:
    """Yield one record a sentence of the folder's `*.in`, with the mentions that its `GENE.eval` has.

    Args:
        folder: of a split.
        held_out: identifiers of sentences that are passed over.

    Raises:
        FormatError: where either file is absent.
    """
    path, mentions_path = _only(folder, "*.in"), _only(folder, "GENE.eval")
    mentions: dict[str, list[Line]] = defaultdict(list)
    for number, line in read_lines(mentions_path):
        if line:
            mentions[line.partition("|")[0]].append((number, line))
    for number, line in read_lines(path):
        name, _, text = line.partition(" ")
        lines = mentions.pop(name, ())
        if name in held_out or not line:
            continue
        if not text:
            yield Rejected(f"{path}:{number}", "no sentence behind the identifier", content=line)
            continue
        entities = []
        solid = [n for n, character in enumerate(text) if not character.isspace()] if lines else []
        for place, mention in lines:
            entity = _entity(mention, text, solid)
            if isinstance(entity, Entity):
                entities.append(entity)
            else:
                yield Rejected(f"{mentions_path}:{place}", entity, mention=True, content=mention)
        yield Record(text, tuple(entities), origin=f"{path}:{number}")
    for name, lines in mentions.items():
        if name not in held_out:
            for place, mention in lines:
                yield Rejected(f"{mentions_path}:{place}", f"no sentence {name}", mention=True, content=mention)


def read_identifiers(path: Path) -> set[str]:
    """The identifiers of the sentences of a file."""
    return {line.partition(" ")[0] for _, line in read_lines(path)}


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise FormatError(f"{folder}: there is no {pattern} in it; the sentences and their mentions belong together.")
    return found[0]


def _entity(line: str, text: str, solid: list[int]) -> Entity | str:
    """The mention of a line, or what is wrong with it; `solid` are the places of the characters that are no blanks."""
    try:
        _, offsets, mention = line.split("|", 2)
        first, last = map(int, offsets.split())
    except ValueError:
        return "not an identifier, two offsets and a mention between bars"
    if 0 <= first <= last < len(solid):
        start, end = solid[first], solid[last] + 1
        if "".join(text[start:end].split()) == "".join(mention.split()):
            return Entity(text[start:end], "GENE", start, end)
        found = nearest(text, mention, start)
        if found is not None:
            return Entity(mention, "GENE", found, found + len(mention))
    return f"the text has no {mention!r} there"
