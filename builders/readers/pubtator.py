"""PubTator files: a title and an abstract, then one mention a line, by offsets into both (BC5CDR, NCBI-Disease).

    1234|t|A title.
    1234|a|An abstract.
    1234	2	7	title	Type	concept

One character stands between title and abstract; ends are exclusive. Lines of relations are passed over, and so are
further columns (the parts of a composite mention). The unit is the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..records import Record, Rejected
from .lines import read_lines
from .mentions import span
from .sentences import Mention, sentence_records

_TEXT = re.compile(r"[^|\t]+\|([ta])\|")


def read_pubtator(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence; a document that lacks its title or abstract is set aside."""
    document: list[tuple[int, str]] = []
    for number, line in read_lines(path):
        if document and (not line or ("|t|" in line and _TEXT.match(line))):
            yield from _document(path, document)
            document = []
        if line.strip():
            document.append((number, line))
    if document:
        yield from _document(path, document)


def _document(path: Path, lines: list[tuple[int, str]]) -> Iterator[Record | Rejected]:
    origin = f"{path}:{lines[0][0]}"
    opening = [_TEXT.match(line) for _, line in lines[:2]]
    if [match and match[1] for match in opening] != ["t", "a"]:
        yield Rejected(origin, "a document that does not open with title and abstract", content=lines[0][1])
        return
    text = "\n".join(line[match.end() :] for (_, line), match in zip(lines, opening, strict=False) if match)
    mentions: list[Mention] = []
    for number, line in lines[2:]:
        mention = _mention(line, text)
        if isinstance(mention, str):
            yield Rejected(f"{path}:{number}", mention, mention=True, content=line)
        elif mention:
            mentions.append(mention)
    yield from sentence_records(text, mentions, origin)


def _mention(line: str, text: str) -> Mention | str | None:
    """The mention of a line, or what is wrong with it; None for the line of a relation."""
    columns = line.split("\t")
    try:
        start, end, mention, label = int(columns[1]), int(columns[2]), columns[3], columns[4].strip()
    except (IndexError, ValueError):
        return None if len(columns) == 4 and columns[1].isalpha() else "not a line of PubTator"
    found = span(text, start, end, mention)
    return found if isinstance(found, str) else (*found, label)
