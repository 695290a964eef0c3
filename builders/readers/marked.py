"""Sentences whose two arguments are marked, `<e1>…</e1>` and `<e2>…</e2>`: SemEval-2010 task 8 and its kin.

Paper: https://aclanthology.org/S10-1006
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..records import Record, Rejected, Relation
from .lines import read_lines

_SENTENCE = re.compile(r'\d+\t"(.*)"\s*')
_MARK = re.compile(r"(</?e[12]>)")
_ORDERS = {"<e1></e1><e2></e2>": ("e1", "e2"), "<e2></e2><e1></e1>": ("e2", "e1")}
_DIRECTED = re.compile(r"(.*)\((e[12]),(e[12])\)")


def read_marked_blocks(path: Path, *, tokenised: bool = False) -> Iterator[Record | Rejected]:
    """Yield one record a block: `number<TAB>"sentence"`, a line with the label, perhaps comments, a blank line.

    Args:
        tokenised: sentences are tokens between blanks, any number of which stands for one.
    """
    block: list[str] = []
    first = number = 0
    for number, line in read_lines(path):
        if line.strip():
            first = first if block else number
            block.append(line)
        elif block:
            yield from _block(block, f"{path}:{first}", tokenised)
            block = []
    if block:
        yield from _block(block, f"{path}:{first}", tokenised)


def read_marked_lines(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a line: `sentence<TAB>label`."""
    for number, line in read_lines(path):
        sentence, tab, label = line.strip().rpartition("\t")
        if tab:
            yield from _record(sentence.strip(), label, f"{path}:{number}", tokenised=False)
        elif label:
            yield Rejected(f"{path}:{number}", "no tab between a sentence and its label", content=line)


def _block(block: list[str], origin: str, tokenised: bool) -> Iterator[Record | Rejected]:
    match = _SENTENCE.fullmatch(block[0])
    if match is None:
        yield Rejected(origin, 'not a number, a tab and a sentence in "…"', content=block[0])
    elif len(block) < 2 or _SENTENCE.fullmatch(block[1]):
        yield Rejected(origin, "a sentence without a label", content=block[0])
    else:
        yield from _record(match[1], block[1].strip(), origin, tokenised)


def _record(sentence: str, label: str, origin: str, tokenised: bool) -> Iterator[Record | Rejected]:
    """The sentence without its marks; a mention that is empty is set aside, and the triple with it."""
    pieces = _MARK.split(sentence)  # what is marked stands at 2 and 6
    names = _ORDERS.get("".join(pieces[1::2]))
    if names is None:
        yield Rejected(origin, "not one <e1>…</e1> and one <e2>…</e2>", content=sentence)
        return
    text = ""
    spans: dict[str, tuple[str, int, int]] = {}
    for name, piece in zip(("", names[0], "", names[1], ""), pieces[::2], strict=True):
        if tokenised:
            piece = " ".join(piece.split())
            text += " " if text and piece else ""
        if name:
            start = len(text) + len(piece) - len(piece.lstrip())
            spans[name] = piece.strip(), start, start + len(piece.strip())
        text += piece
    empty = [name for name in sorted(spans) if not spans[name][0]]
    for name in empty:
        yield Rejected(origin, f"the mention <{name}> is empty", mention=True, content=sentence)
    yield Record(text, relation=() if empty else (_relation(label, spans),), origin=origin)


def _relation(label: str, spans: dict[str, tuple[str, int, int]]) -> Relation:
    """The first name in `label(e1,e2)` or `label(e2,e1)` is the subject; without direction it is e1."""
    directed = _DIRECTED.fullmatch(label)
    label, head, tail = directed.groups() if directed else (label, "e1", "e2")
    (subject, *head_place), (object_, *tail_place) = spans[head], spans[tail]
    return Relation(subject, label, object_, "", "", *head_place, *tail_place)
