"""Tables with one triple a row: tab-separated or otherwise, mentions as strings, with or without places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

from ..records import Record, Rejected, Relation
from .lines import read_lines

Row = tuple[str, list[str]]  # `file:line` and the cells


def read_rows(path: Path, separator: str, width: int) -> Iterator[Row | Rejected]:
    """Yield each row that has `width` cells; another one is set aside."""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        cells = line.split(separator)
        if len(cells) == width:
            yield f"{path}:{number}", cells
        else:
            yield Rejected(f"{path}:{number}", f"{len(cells)} cells instead of {width}", content=line)


def read_table(
    path: Path,
    *,
    separator: str = "\t",
    width: int,
    text: int,
    head: int,
    relation: int,
    tail: int,
    no_relation: str = "",
    tidy: Callable[[str], str] = str.strip,
) -> Iterator[Record | Rejected]:
    """Yield one record a row.

    Args:
        width: how many cells a row has.
        text, head, relation, tail: the columns, from 0.
        no_relation: the label that says that there is none; its rows are left out.
        tidy: what turns the text, the head and the tail into plain text.
    """
    for row in read_rows(path, separator, width):
        if isinstance(row, Rejected):
            yield row
            continue
        origin, cells = row
        if cells[relation] == no_relation:
            continue
        triple = Relation(tidy(cells[head]), cells[relation], tidy(cells[tail]))
        if triple.head and triple.tail:
            yield Record(tidy(cells[text]), relation=(triple,), origin=origin)
        else:
            yield Rejected(origin, "a mention is empty", content=separator.join(cells))


def read_placed_table(
    path: Path,
    *,
    relation: str,
    separator: str,
    width: int,
    document: int,
    text: int,
    head: int,
    head_start: int,
    tail: int,
    tail_start: int,
) -> Iterator[Record | Rejected]:
    """Yield one record for the rows, one below the other, that share document and text.

    Mentions are placed in the document, of which only one sentence is given. Where the sentence starts in it follows
    from the distance of the two mentions.

    Args:
        relation: the label of all triples.
        document, text, head, head_start, tail, tail_start: the columns, from 0.
    """
    rows: list[Row] = []
    for row in read_rows(path, separator, width):
        if isinstance(row, Rejected):
            yield row
        elif not all(row[1][column].strip().isdigit() for column in (head_start, tail_start)):
            yield Rejected(row[0], "the place of a mention is no number", content=separator.join(row[1]))
        elif not (row[1][head].strip() and row[1][tail].strip()):
            yield Rejected(row[0], "a mention is empty", content=separator.join(row[1]))
        else:
            rows.append(row)
    for (_, sentence), group in groupby(rows, key=lambda row: (row[1][document], row[1][text])):
        origins, cells = zip(*group, strict=True)
        pairs = [(c[head], int(c[head_start]), c[tail], int(c[tail_start])) for c in cells]
        start = _start(sentence, pairs)
        yield Record(
            sentence, relation=tuple(_placed(sentence, relation, pair, start) for pair in pairs), origin=origins[0]
        )


_Pair = tuple[str, int, str, int]  # head and tail, each with its place in the document


def _start(sentence: str, pairs: Iterable[_Pair]) -> int | None:
    """Where the sentence starts in the document so that all pairs fit; the latest place where there are several."""
    starts: set[int] | None = None
    for head, head_place, tail, tail_place in pairs:
        fitting = set()
        at = sentence.find(head)
        while at >= 0:
            if (other := at + tail_place - head_place) >= 0 and sentence.startswith(tail, other):
                fitting.add(head_place - at)
            at = sentence.find(head, at + 1)
        starts = fitting if starts is None else starts & fitting
    return max(starts) if starts else None


def _placed(sentence: str, relation: str, pair: _Pair, start: int | None) -> Relation:
    head, head_place, tail, tail_place = pair
    if start is None:
        return Relation(head.strip(), relation, tail.strip())
    places = []
    for mention, place in ((head, head_place - start), (tail, tail_place - start)):
        place += len(mention) - len(mention.lstrip())
        places += [place, place + len(mention.strip())]
    return Relation(head.strip(), relation, tail.strip(), "", "", *places)


def merge_texts(items: Iterable[Record | Rejected]) -> Iterator[Record | Rejected]:
    """Yield each text once, where it first stands, with the relations of all its records."""
    first: dict[str, Record] = {}
    relations: dict[str, list[Relation]] = {}
    for item in items:
        if isinstance(item, Rejected):
            yield item
        else:
            first.setdefault(item.text, item)
            relations.setdefault(item.text, []).extend(item.relation)
    for text, record in first.items():
        yield Record(text, relation=tuple(relations[text]), origin=record.origin)
