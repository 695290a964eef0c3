"""Token-per-line files: one token and its tags a line, a blank line between sentences (CoNLL and its kin)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path

from ..errors import FormatError
from ..records import Entity, Record, Rejected
from .lines import open_text, read_lines

_OPENS = "BIMESLU"
_GAP = r"\n(?:(?:[^\S\n]*|-DOCSTART-[^\n]*{})\n)+"  # what stands between sentences
_CHUNK = 1 << 20  # characters


def read_columns(
    path: Path,
    *,
    token: int = 0,
    tag: int | tuple[int, ...] = -1,
    separator: str | None = None,
    joiner: str = " ",
    spell: Callable[[str], str] | None = None,
    comment: str = "",
) -> Iterator[Record | Rejected]:
    """Yield one record a sentence; tags in IOB1, IOB2, BIOES, BMES or BILOU, which are read alike.

    A sentence with a malformed line is set aside as a whole, and the message names that line.

    Args:
        token: its column, negative from the right.
        tag: its column, or several, each of which tags one layer of mentions, where mentions nest.
        separator: between columns; None for any run of blanks. Name it where a token may itself be a blank.
        joiner: between tokens in the text: one space for English, nothing for Chinese.
        spell: gives the token that its column stands for, or nothing where it stands for none.
        comment: what a line opens with that tells something about the sentence below it, as `# id`; it ends one too.
    """
    columns = tag if isinstance(tag, tuple) else (tag,)
    width = max(_width(token, column) for column in columns)
    known = {"O"}  # tags that have been looked at
    name = str(path)

    def fault(row: Sequence[str]) -> str:
        if len(row) < width:
            return f"fewer than {width} columns"
        if not (spell(row[token]) if spell else row[token]):
            return "no token"
        return next((f"{row[column]!r} is no tag" for column in columns if not _is_tag(row[column])), "")

    def plain(tokens: list[str], layers: list[list[str]]) -> bool:
        return "" not in tokens and all(map(known.issuperset, layers))

    for first, height, block in _blocks(path, comment):
        # The cells of a whole sentence at once; where its lines differ in width, some token stands among the tags.
        cells = block.split() if separator is None else block.replace("\n", separator).split(separator)
        found, odd = divmod(len(cells), height)
        if complete := not odd and found >= width:
            tokens = cells[token % found :: found]
            layers = [cells[column % found :: found] for column in columns]
            if spell:
                tokens = [spell(cell) for cell in tokens]
        if not complete or not plain(tokens, layers):
            lines = block.split("\n")
            rows = [line.split(separator) for line in lines]
            if complete := min(map(len, rows)) >= width:
                tokens = [spell(row[token]) if spell else row[token] for row in rows]
                layers = [[row[column] for row in rows] for column in columns]
            if not complete or not plain(tokens, layers):
                if bad := next(((n, why) for n, row in enumerate(rows) if (why := fault(row))), None):
                    yield Rejected(f"{path}:{first + bad[0]}", bad[1], content=lines[bad[0]])
                    continue
                known.update(*layers)
        yield tagged_record(tokens, layers, f"{name}:{first}", joiner)


def tagged_record(tokens: Sequence[str], layers: Sequence[Sequence[str]], origin: str, joiner: str = " ") -> Record:
    """The record of a sentence's tokens and their tags, one list of tags for each layer of mentions."""
    text, gap = joiner.join(tokens), len(joiner)
    spans = tag_spans(layers[0]) if len(layers) == 1 else [span for tags in layers for span in tag_spans(tags)]
    if not spans:
        return Record(text, (), (), (), "", origin)
    before = list(accumulate(map(len, tokens), initial=0))  # characters of the tokens before each
    entities = []
    for i, j, label in spans:
        start, end = before[i] + gap * i, before[j] + gap * (j - 1)
        entities.append(Entity(text[start:end], label, start, end))
    return Record(text, tuple(entities), (), (), "", origin)


def read_either_order(path: Path) -> Iterator[Record | Rejected]:
    """`read_columns` of two columns that one distribution of a corpus has as `token tag`, another as `tag token`."""
    rows = (line.split() for _, line in read_lines(path) if line.strip())
    tag_first = all(_is_tag(row[0]) for row in islice(rows, 1000))
    return read_columns(path, token=1, tag=0) if tag_first else read_columns(path)


def read_columns_or(read: Callable[[Path], Iterator[Record | Rejected]], path: Path) -> Iterator[Record | Rejected]:
    """What `read` reads of a file, but `read_columns` where it is a table (`.tsv`), as which many corpora go round."""
    return read_columns(path, separator="\t") if path.suffix == ".tsv" else read(path)


def tag_column(path: Path, separator: str | None = None) -> int:
    """The first column in which nothing but tags stands, for files whose columns are not known beforehand.

    Raises:
        FormatError: where there is none.
    """
    rows = [line.split(separator) for _, line in islice(read_lines(path), 1000) if line.strip()]
    for column in range(1, min(map(len, rows), default=0)):
        if all(_is_tag(row[column]) for row in rows):
            return column
    raise FormatError(f"{path}:1: none of the columns holds tags such as O and B-PER; is this the right file?")


def join_tokens(tokens: Sequence[str], joiner: str) -> tuple[str, list[int]]:
    """The text and where each token starts in it."""
    gap = len(joiner)
    starts = accumulate([len(token) + gap for token in tokens[:-1]], initial=0)
    return joiner.join(tokens), list(starts)


def tag_spans(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """(first token, token behind the last, label) of each mention.

    A mention starts at B, S or U, or where an I, M, E or L has no open mention of its label before it; so IOB1 (where
    B stands only between neighbours) and IOB2 read alike. It ends behind E, L, S or U, or where it does not go on.
    """
    spans: list[tuple[int, int, str]] = []
    start, label = -1, ""
    for i, tag in enumerate(tags):
        if tag == "O":  # most tokens, so they are passed over fast
            if start >= 0:
                spans.append((start, i, label))
                start = -1
            continue
        prefix, name = tag[:1], tag[2:]
        if start >= 0 and (name != label or prefix not in "IMEL"):
            spans.append((start, i, label))
            start = -1
        if start < 0 and name and prefix in _OPENS:
            start, label = i, name
        if start >= 0 and prefix in "ESLU":
            spans.append((start, i + 1, label))
            start = -1
    if start >= 0:
        spans.append((start, len(tags), label))
    return spans


def _blocks(path: Path, comment: str) -> Iterator[tuple[int, int, str]]:
    """(number of the first line, how many lines, these) of each sentence.

    A document's mark ends one too, with or without a blank.
    """
    gaps = re.compile(_GAP.format(f"|{re.escape(comment)}[^\n]*" if comment else ""))
    number, rest, more = 1, "\n", True  # what is not told yet, from the end of the line before it on
    with open_text(path) as file:
        while more:
            chunk = file.read(_CHUNK)
            more = bool(chunk)
            rest = (rest + (chunk or "\n\n")).replace("\r\n", "\n")
            place = 1
            for gap in gaps.finditer(rest):
                start, end = gap.span()
                if place < start:
                    block = rest[place:start]
                    lines = block.count("\n") + 1
                    yield number, lines, block
                    number += lines - 1
                number += rest.count("\n", max(place, start), end)
                place = end
            rest = rest[place - 1 :]


def _width(token: int, tag: int) -> int:
    """How many columns there must be for both to be there, and apart."""
    if (token < 0) == (tag < 0):
        return max(token, tag) + 1 if token >= 0 else max(-token, -tag)
    return max(token, tag) + 1 - min(token, tag)


def _is_tag(text: str) -> bool:
    """`O`, or a prefix and a label; `O-LOC` is an O, since some files name a type even there."""
    return text == "O" or (text[:1] in _OPENS + "O" and text[1:2] == "-" and len(text) > 2)
