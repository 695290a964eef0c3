"""Token lists with mentions and relations as spans of tokens, in JSON: SciERC and DyGIE++ documents, SpERT sentences.

Paper of the first layout: https://aclanthology.org/D18-1360; of the second: https://arxiv.org/abs/1909.07755
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from ..records import Record, Rejected, Relation
from .columns import tag_spans
from .lines import parse_json_items

# How the Penn Treebank writes brackets.
BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}

Span = tuple[str, int, int]  # the mention, and where it starts and ends in the text


class Tokens:
    """The text of a token list: one space between tokens, brackets restored, blank tokens left out."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.pieces = [BRACKETS.get(token, token).strip() for token in tokens]
        self.starts = list(accumulate([len(piece) + 1 if piece else 0 for piece in self.pieces], initial=0))
        self.text = " ".join(filter(None, self.pieces))

    def span(self, first: int, last: int) -> Span:
        """The mention from token `first` to token `last`, both included.

        Raises:
            IndexError: if there is no such token.
        """
        if first < 0 or last < first:
            raise IndexError(f"no tokens {first} to {last}")
        start, end = self.starts[first], self.starts[last] + len(self.pieces[last])
        mention = self.text[start:end].rstrip()  # the last token may be a blank one
        return mention, start, start + len(mention)


def relate(head: Span, relation: str, tail: Span, head_type: str = "", tail_type: str = "") -> Relation:
    """The triple with its offsets."""
    return Relation(head[0], relation, tail[0], head_type, tail_type, head[1], head[2], tail[1], tail[2])


def read_documents(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record for each sentence with a relation, from JSON objects of one document each.

    Offsets count tokens over the whole document and include the last one.
    """
    return parse_json_items(path, _sentences)


def _sentences(document: Mapping[str, Any], origin: str) -> Iterator[Record]:
    before = 0
    for words, mentions, relations in zip(document["sentences"], document["ner"], document["relations"], strict=True):
        if relations:
            tokens = Tokens(words)
            types = {(first, last): label for first, last, label in mentions}
            triples = (
                relate(
                    tokens.span(h0 - before, h1 - before),
                    label,
                    tokens.span(t0 - before, t1 - before),
                    types.get((h0, h1), ""),
                    types.get((t0, t1), ""),
                )
                for h0, h1, t0, t1, label in relations
            )
            yield Record(tokens.text, relation=tuple(triples), origin=origin)
        before += len(words)


def read_sentences(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, from objects with `tokens`, `relations` and the mentions.

    Mentions stand in `entities` (`start`, `end` behind the last token, `type`), or as BILOU `tags`; `head` and `tail`
    of a relation number them from 0.
    """
    return parse_json_items(path, _sentence)


def _sentence(sentence: Mapping[str, Any], origin: str) -> Iterator[Record]:
    tokens = Tokens(sentence["tokens"])
    spans = [(tokens.span(first, end - 1), label) for first, end, label in _mentions(sentence)]
    triples = []
    for relation in sentence["relations"]:
        (head, head_type), (tail, tail_type) = spans[relation["head"]], spans[relation["tail"]]
        triples.append(relate(head, relation["type"], tail, head_type, tail_type))
    yield Record(tokens.text, relation=tuple(triples), origin=origin)


def _mentions(sentence: Mapping[str, Any]) -> list[tuple[int, int, str]]:
    """(first token, token behind the last, type) of each mention, in the order that relations number them by."""
    if "entities" in sentence:
        return [(e["start"], e["end"], e["type"]) for e in sentence["entities"]]
    return tag_spans(sentence["tags"])
