"""Texts with lists of triples, in JSON lines or one JSON array, under the keys of several corpora.

Known: DuIE and CMeIE (`spo_list`), CopyRE and CasRel (`triple_list`; `relationMentions`), HRL-RE (`relations`); others
by their `Keys`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..records import Record, Rejected, Relation
from .lines import parse_json_items

_VALUE = "@value"  # the slot of an object that is asked for


class Keys(NamedTuple):
    """Where a layout keeps the text and its triples, and each triple (an object, or a list) its parts."""

    text: str
    triples: str
    head: str | int
    relation: str | int
    tail: str | int
    head_type: str = ""
    tail_type: str = ""


_LAYOUTS = (
    Keys("text", "spo_list", "subject", "predicate", "object", "subject_type", "object_type"),
    Keys("text", "triple_list", 0, 1, 2),
    Keys("sentText", "relationMentions", "em1Text", "label", "em2Text"),
    Keys("sentext", "relations", "em1", "rtext", "em2"),
)


def read_triples(
    path: Path, *, keys: Keys | None = None, no_relation: str | None = None
) -> Iterator[Record | Rejected]:
    """Yield one record an object.

    An object of a triple may have several slots, as in DuIE2.0: `@value` is what the published corpus asks for, any
    other one is set aside. A mention whose accents the text has lost loses them too.

    Args:
        path: the file.
        keys: those of a layout that is none of the known ones.
        no_relation: the label that says that there is none; a record with no other is left out.
    """
    return parse_json_items(path, partial(_record, layouts=(keys,) if keys else _LAYOUTS, no_relation=no_relation))


def _record(
    data: Mapping[str, Any], origin: str, layouts: Sequence[Keys], no_relation: str | None
) -> Iterator[Record | Rejected]:
    keys = next((keys for keys in layouts if keys.text in data and keys.triples in data), None)
    if keys is None:
        raise ValueError("no text with a list of triples")
    text = _text(data[keys.text], keys)
    triples = [t for t in data[keys.triples] if t[keys.relation] != no_relation]
    relations = [_relation(text, triple, keys) for triple in triples]
    if triples or no_relation is None:
        yield from _set_aside(triples, relations, keys, origin)
        yield Record(text, relation=tuple(r for r in relations if r.head and r.tail), origin=origin)


def _text(text: str, keys: Keys) -> str:
    stripped = text.strip()
    if keys.text == "sentext" and stripped[:1] == stripped[-1:] == '"':
        return stripped[1:-1].strip()  # HRL-RE quotes the text once more
    return text if keys.text == "text" else stripped


def _relation(text: str, triple: Any, keys: Keys) -> Relation:
    return Relation(
        _mention(text, triple[keys.head]),
        triple[keys.relation].strip(),
        _mention(text, _value(triple[keys.tail])),
        triple[keys.head_type] if keys.head_type else "",
        _value(triple[keys.tail_type]) if keys.tail_type else "",
    )


def _value(slots: Any) -> Any:
    return slots[_VALUE] if isinstance(slots, Mapping) else slots


def _set_aside(triples: list[Any], relations: list[Relation], keys: Keys, origin: str) -> Iterator[Rejected]:
    for triple, relation in zip(triples, relations, strict=True):
        if not (relation.head and relation.tail):
            yield Rejected(
                origin, f"an argument of {relation.relation!r} is empty", mention=True, content=repr(triple)
            )
        if isinstance(slots := triple[keys.tail], Mapping):
            for slot in sorted(slots.keys() - {_VALUE}) if len(slots) > 1 else ():
                reason = f"the slot {slot!r} of {relation.relation!r} is not asked for"
                yield Rejected(origin, reason, mention=True, content=str(slots[slot]))


def _mention(text: str, mention: str) -> str:
    mention = mention.strip()
    if mention not in text:
        letters = unicodedata.normalize("NFKD", mention)
        plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return plain if plain in text else mention
    return mention
