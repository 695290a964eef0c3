"""Token lists whose triples list the tokens of head and tail: FewRel, RelationPrompt's splits, Wiki-ZSL.

Papers: https://aclanthology.org/D18-1514, https://aclanthology.org/2022.findings-acl.5, https://aclanthology.org/D17-1188
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import FormatError
from ..records import Record, Rejected, Relation
from .lines import parse_json_items, parse_object, read_json
from .tables import merge_texts
from .token_spans import Tokens, relate

_Named = tuple[str, Sequence[int], Sequence[int]]  # relation, tokens of the head, tokens of the tail


def read_instances(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, from one JSON object: relation → instances with `tokens`, `h` and `t`.

    `h` and `t` are a name, which is lower-cased and normalised, an id, and the tokens of each mention: the first
    counts. A sentence stands once for each of its triples.

    Raises:
        FormatError: where the file is not such an object.
    """
    data = read_json(path)
    if not isinstance(data, dict):
        raise FormatError(f"{path}: not a JSON object of relations with their instances.")
    return merge_texts(
        item
        for relation, instances in data.items()
        for number, instance in enumerate(instances)
        for item in parse_object(partial(_instance, relation=relation), instance, f"{path}:1 ({relation} {number})")
    )


def _instance(data: Mapping[str, Any], origin: str, relation: str) -> Iterator[Record | Rejected]:
    return _record(data["tokens"], [(relation, data["h"][2][0], data["t"][2][0])], origin)


def read_triplets(path: Path, *, relations: Collection[str] = ()) -> Iterator[Record | Rejected]:
    """Yield one record a sentence, from objects with `triplets` (RelationPrompt) or `edgeSet` (Wiki-ZSL).

    Relations are named by their Wikidata property in both.

    Args:
        relations: the properties that are asked for. Edges also hold others and `P0`, which says that there is none;
            a sentence with no other is left out.
    """
    return parse_json_items(path, partial(_triplets, relations=relations))


def _triplets(data: Mapping[str, Any], origin: str, relations: Collection[str]) -> Iterator[Record | Rejected]:
    if "triplets" in data:
        triplets = data["triplets"]
        named = [(t.get("label_id") or t["label"], t["head"], t["tail"]) for t in triplets]
        yield from _record(triplets[0]["tokens"], named, origin)
    elif named := [(e["kbID"], e["left"], e["right"]) for e in data["edgeSet"] if e["kbID"] in relations]:
        yield from _record(data["tokens"], named, origin)


def _record(words: Sequence[str], triples: Sequence[_Named], origin: str) -> Iterator[Record | Rejected]:
    tokens = Tokens(words)
    found: list[Relation] = []
    for relation, head, tail in triples:
        if fault := _fault(head) or _fault(tail):
            yield Rejected(origin, f"an argument of {relation} {fault}", mention=True, content=tokens.text)
        else:
            found.append(relate(tokens.span(head[0], head[-1]), relation, tokens.span(tail[0], tail[-1])))
    yield Record(tokens.text, relation=tuple(found), origin=origin)


def _fault(indexes: Sequence[int]) -> str:
    """Why these tokens are no mention; nothing if they are one."""
    if not indexes:
        return "is empty"
    if indexes[-1] - indexes[0] != len(indexes) - 1 or list(indexes) != list(range(indexes[0], indexes[-1] + 1)):
        return "is not in one piece"
    return ""
