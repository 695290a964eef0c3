"""Text with its mentions marked in it, a paragraph a line: `{{type:mention}}` (BosonNLP), `mention/type` (MSRA)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..records import Entity, Record, Rejected
from .columns import join_tokens
from .lines import read_lines

_MARK = re.compile(r"\{\{(\w+):|\}\}")


def read_inline(path: Path) -> Iterator[Record | Rejected]:
    r"""Yield one record a line; the two characters `\n` within it are a line break.

    Marks may nest; one opened twice and closed once marks one mention. Blanks at the edges of a mention are no part
    of it. A mark that does not end, or with nothing in it, is set aside.
    """
    for number, line in read_lines(path):
        if line.strip():
            yield from _unmarked(line.replace("\\n", "\n"), f"{path}:{number}")


def read_segments(path: Path, *, outside: str = "o", joiner: str = "") -> Iterator[Record | Rejected]:
    """Yield one record a line of segments `text/type`, parted by blanks; a line with another segment is set aside.

    Args:
        path: the file.
        outside: the type of what is no mention.
        joiner: between segments in the text.
    """
    for number, line in read_lines(path):
        segments = [segment.rpartition("/") for segment in line.split()]
        if not segments:
            continue
        if bad := next((segment for segment in segments if not (segment[0] and segment[2])), None):
            yield Rejected(f"{path}:{number}", f"the segment {''.join(bad)!r} has no text and type", content=line)
            continue
        text, starts = join_tokens([text for text, _, _ in segments], joiner)
        entities = (
            Entity(mention, label, start, start + len(mention))
            for (mention, _, label), start in zip(segments, starts, strict=True)
            if label != outside
        )
        yield Record(text, entity=tuple(entities), origin=f"{path}:{number}")


def _unmarked(line: str, origin: str) -> Iterator[Record | Rejected]:
    pieces: list[str] = []
    opened: list[tuple[str, int]] = []  # label, and where the mention starts in the text
    found: dict[tuple[int, int, str], None] = {}  # in the order in which the marks close; doubled ones once
    length = place = 0
    for mark in _MARK.finditer(line):
        if mark[1] is None and not opened:
            continue  # braces that close nothing are text
        pieces.append(line[place : mark.start()])
        length += len(pieces[-1])
        place = mark.end()
        if mark[1] is not None:
            opened.append((mark[1], length))
        else:
            label, start = opened.pop()
            found[start, length, label] = None
    text = "".join(pieces) + line[place:]
    for label, start in opened:
        if not any(begin == start and label == other for begin, _, other in found):
            yield Rejected(origin, f"a mark {label!r} that does not end", mention=True)
    entities = []
    for start, end, label in found:
        mention = text[start:end].strip()
        if mention:
            start = text.index(mention, start)
            entities.append(Entity(mention, label, start, start + len(mention)))
        else:
            yield Rejected(origin, f"a mark {label!r} with nothing in it", mention=True)
    yield Record(text, entity=tuple(entities), origin=origin)
