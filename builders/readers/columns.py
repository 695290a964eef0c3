"""Token-per-line files: one token and its tags a line, a blank line between sentences (CoNLL and its kin)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..records import Entity, Record, Rejected
from .lines import read_lines


def read_columns(
    path: Path, *, token: int = 0, tag: int = -1, separator: str | None = None, joiner: str = " "
) -> Iterator[Record | Rejected]:
    """Yield one record a sentence; tags in IOB1, IOB2, BIOES or BMES, which are read alike.

    Args:
        token, tag: the columns, negative ones from the right.
        separator: between columns; None for any run of blanks.
        joiner: between tokens in the text: one space for English, nothing for Chinese.
    """
    width = max(n + 1 if n >= 0 else -n for n in (token, tag)) if token >= 0 and tag >= 0 else 2
    tokens: list[str] = []
    tags: list[str] = []
    first, fault = 0, None
    number = 0
    for number, line in read_lines(path):
        if not line.strip() or line.startswith("-DOCSTART-"):
            yield from _sentence(tokens, tags, joiner, f"{path}:{first}", fault)
            tokens, tags, fault = [], [], None
            continue
        columns = line.split(separator)
        first = first if tokens or fault else number
        if len(columns) < width:
            fault = fault or Rejected(f"{path}:{number}", f"{len(columns)} column instead of {width}", content=line)
            continue
        tokens.append(columns[token])
        tags.append(columns[tag])
    yield from _sentence(tokens, tags, joiner, f"{path}:{first}", fault)


def _sentence(
    tokens: Sequence[str], tags: Sequence[str], joiner: str, origin: str, fault: Rejected | None
) -> Iterator[Record | Rejected]:
    if fault:
        yield fault
    elif tokens:
        text, offsets = join_tokens(tokens, joiner)
        spans = tag_spans(tags)
        entities = (Entity(text[offsets[i] : (end := offsets[j - 1] + len(tokens[j - 1]))], label, offsets[i], end)
                    for i, j, label in spans)  # fmt: skip
        yield Record(text, entity=tuple(entities), origin=origin)


def join_tokens(tokens: Sequence[str], joiner: str) -> tuple[str, list[int]]:
    """The text and where each token starts in it."""
    offsets, place = [], 0
    for token in tokens:
        offsets.append(place)
        place += len(token) + len(joiner)
    return joiner.join(tokens), offsets


def tag_spans(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """(first token, token behind the last, label) of each mention.

    A mention starts at B or S, or where an I, M or E has no open mention of its label before it; so IOB1 (where B
    stands only between neighbours) and IOB2 read alike. It ends behind E or S, or where it does not go on.
    """
    spans: list[tuple[int, int, str]] = []
    start, label = -1, ""
    for i, tag in enumerate(tags):
        prefix, _, name = tag.partition("-")
        if start >= 0 and (prefix not in ("I", "M", "E") or name != label):
            spans.append((start, i, label))
            start = -1
        if prefix in ("B", "S", "I", "M", "E") and name and start < 0:
            start, label = i, name
        if prefix in ("E", "S") and start >= 0:
            spans.append((start, i + 1, label))
            start = -1
    if start >= 0:
        spans.append((start, len(tags), label))
    return spans
