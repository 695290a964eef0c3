"""Token lists with mentions and relations as spans of tokens, in JSON: SciERC and DyGIE++ documents, SpERT sentences.

Paper of the first layout: https://aclanthology.org/D18-1360; of the second: https://arxiv.org/abs/1909.07755
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from ..records import Argument, Entity, Event, Record, Rejected, Relation
from .columns import tag_spans
from .lines import parse_json_items

# How the Penn Treebank writes brackets.
BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}

Span = tuple[str, int, int]  # the mention, and where it starts and ends in the text
_Spans = Sequence[Sequence[Any]]  # in JSON: numbers of tokens, then a label


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


def read_documents(path: Path, *, only: str = "") -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with its mentions, relations and events, from JSON objects of one document each.

    Offsets count tokens over the whole document and include the last one.

    Args:
        path: the file.
        only: `ner`, `relations` or `events`, to leave out the sentences that have none.
    """
    return parse_json_items(path, partial(_sentences, only=only))


def _sentences(document: Mapping[str, Any], origin: str, only: str) -> Iterator[Record]:
    sentences = document["sentences"]
    if only and only not in document:
        raise KeyError(only)
    layers = (document.get(key, [()] * len(sentences)) for key in ("ner", "relations", "events"))
    before = 0
    for words, mentions, relations, events in zip(sentences, *layers, strict=True):
        if not only or {"ner": mentions, "relations": relations, "events": events}[only]:
            yield _document_sentence(Tokens(words), before, mentions, relations, events, origin)
        before += len(words)


def _document_sentence(
    tokens: Tokens, before: int, mentions: _Spans, relations: _Spans, events: Sequence[_Spans], origin: str
) -> Record:
    def span(first: int, last: int) -> Span:
        return tokens.span(first - before, last - before)

    types = {(first, last): label for first, last, label in mentions}
    triples = (
        relate(span(h0, h1), label, span(t0, t1), types.get((h0, h1), ""), types.get((t0, t1), ""))
        for h0, h1, t0, t1, label in relations
    )
    told = []
    for (*trigger, event_type), *fillers in events:
        word, start, end = span(trigger[0], trigger[-1])  # of one token, or from the first to the last
        arguments = []
        for first, last, role in fillers:
            filler, begin, stop = span(first, last)
            arguments.append(Argument(filler, role, begin, stop))
        told.append(Event(word, event_type, tuple(arguments), start, end))
    entities = []
    for first, last, label in mentions:
        mention, begin, stop = span(first, last)
        entities.append(Entity(mention, label, begin, stop))
    return Record(tokens.text, tuple(entities), tuple(triples), tuple(told), origin=origin)


def read_sentences(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, with its mentions and relations, from objects with `tokens` and `relations`.

    Mentions stand in `entities` (`start`, `end` behind the last token, `type`), or as BILOU `tags`; `head` and `tail`
    of a relation number them from 0.
    """
    return parse_json_items(path, _sentence)


def _sentence(sentence: Mapping[str, Any], origin: str) -> Iterator[Record]:
    tokens = Tokens(sentence["tokens"])
    spans = [(tokens.span(first, end - 1), label) for first, end, label in _mentions(sentence)]
    entities = [Entity(mention, label, start, end) for (mention, start, end), label in spans]
    triples = []
    for relation in sentence["relations"]:
        (head, head_type), (tail, tail_type) = spans[relation["head"]], spans[relation["tail"]]
        triples.append(relate(head, relation["type"], tail, head_type, tail_type))
    yield Record(tokens.text, tuple(entities), tuple(triples), origin=origin)


def _mentions(sentence: Mapping[str, Any]) -> list[tuple[int, int, str]]:
    """(first token, token behind the last, type) of each mention, in the order that relations number them by."""
    if "entities" in sentence:
        return [(e["start"], e["end"], e["type"]) for e in sentence["entities"]]
    return tag_spans(sentence["tags"])
