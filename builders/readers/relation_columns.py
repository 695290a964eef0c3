"""Token-per-line files with relations: the columns of multi-head selection.

Paper: https://doi.org/10.1016/j.eswa.2018.07.032
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..records import Record, Rejected
from .columns import tag_spans
from .lines import read_lines
from .token_spans import Tokens, relate

_NONE = "['N']"


def read_relation_columns(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record for each sentence with a relation.

    A line `#doc …` opens a sentence; columns are number, token, IOB tag, relations and the tokens that they lead to.
    Relations stand at the last token of the head and name the last token of the tail.
    """
    rows: list[list[str]] = []
    first = 0
    for number, line in read_lines(path):
        if line.startswith("#doc"):
            yield from _sentence(rows, f"{path}:{first}")
            rows, first = [], number
        elif line.strip():
            rows.append(line.split("\t"))
    yield from _sentence(rows, f"{path}:{first}")


def _sentence(rows: Sequence[Sequence[str]], origin: str) -> Iterator[Record | Rejected]:
    try:
        if all(row[3] == _NONE for row in rows):
            return
        tokens = Tokens([row[1] for row in rows])
        mentions = {
            end - 1: (tokens.span(first, end - 1), label) for first, end, label in tag_spans([r[2] for r in rows])
        }
        triples = []
        for number, row in enumerate(rows):
            if row[3] != _NONE:
                head, head_type = mentions[number]
                for relation, last in zip(re.findall(r"'([^']+)'", row[3]), re.findall(r"\d+", row[4]), strict=True):
                    tail, tail_type = mentions[int(last)]
                    triples.append(relate(head, relation, tail, head_type, tail_type))
    except (IndexError, KeyError, ValueError) as error:
        yield Rejected(origin, f"a relation does not lead from mention to mention ({error!r})")
        return
    yield Record(tokens.text, relation=tuple(triples), origin=origin)
