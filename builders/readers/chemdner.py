"""CHEMDNER's two tables: abstracts, and the mentions in them (BC4CHEMD).

    training.abstracts.txt      1234	A title.	An abstract.
    training.annotations.txt    1234	T	2	7	title	CLASS

T and A tell whether offsets are those of the title or of the abstract; ends are exclusive. The unit is the sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ..errors import FormatError
from ..records import Record, Rejected
from .lines import read_lines
from .mentions import span
from .sentences import Mention, sentence_records


def read_chemdner(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence of `<split>.abstracts.txt`, with the mentions that the file beside it has.

    Raises:
        FormatError: where that file is absent.
    """
    beside = path.with_name(path.name.replace(".abstracts.", ".annotations."))
    if beside == path or not beside.exists():
        raise FormatError(f"{path}: there is no file of annotations beside it; put {beside.name} there.")
    annotations: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, line in read_lines(beside):
        if line.strip():
            annotations[line.partition("\t")[0]].append((number, line))
    for number, line in read_lines(path):
        if not line.strip():
            continue
        columns = line.split("\t")
        if len(columns) != 3:
            yield Rejected(f"{path}:{number}", "not an identifier, a title and an abstract", content=line)
            continue
        name, title, abstract = columns
        mentions: list[Mention] = []
        for place, annotation in annotations.pop(name, ()):
            mention = _mention(annotation, title, abstract)
            if isinstance(mention, str):
                yield Rejected(f"{beside}:{place}", mention, mention=True, content=annotation)
            else:
                mentions.append(mention)
        yield from sentence_records(f"{title}\n{abstract}", mentions, f"{path}:{number}")
    for name, rest in annotations.items():
        for place, annotation in rest:
            yield Rejected(f"{beside}:{place}", f"there is no abstract {name}", mention=True, content=annotation)


def _mention(line: str, title: str, abstract: str) -> Mention | str:
    """The mention of a line by offsets into both texts, or what is wrong with it."""
    try:
        _, part, start, end, mention, label = line.split("\t")
        where = {"T": title, "A": abstract}[part]
        found = span(where, int(start), int(end), mention)
    except (KeyError, ValueError):
        return "not an identifier, T or A, two offsets, a mention and its class"
    if isinstance(found, str):
        return found
    shift = len(title) + 1 if part == "A" else 0
    return found[0] + shift, found[1] + shift, label
