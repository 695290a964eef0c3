"""The published unified layout: a folder with `train.json`, `dev.json`, `test.json` and `schema.json`.

A record a line, with the field names of `Record`: `{"text", "entity" | "relation" | "event": […]}`. The schema has
three lines: a list of types, a list of relations or roles, and an object of event type → roles, or of entity type →
attributes. Typed relations stand in the first as `subject type_relation_object type`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ..errors import FormatError
from ..records import Record, Rejected
from .lines import parse_json_items, read_lines

_STRING = frozenset({str})
_OFFSET = frozenset({int, type(None)})


class UnifiedSchema(NamedTuple):
    """The three lines of a `schema.json`."""

    types: tuple[str, ...]
    relations: tuple[str, ...]
    roles: dict[str, tuple[str, ...]]

    @property
    def triples(self) -> tuple[tuple[str, str, str], ...]:
        """The types as (subject type, relation, object type); none where one of them is no such triple."""
        found = tuple(self._triple(name) for name in self.types)
        return tuple(triple for triple in found if triple) if all(found) else ()

    def _triple(self, name: str) -> tuple[str, str, str] | None:
        # A blank within a name may be a `_` too, so the relation is one of those listed, where any are.
        places = combinations([place for place, letter in enumerate(name) if letter == "_"], 2)
        parts = [(name[:i], name[i + 1 : j], name[j + 1 :]) for i, j in places]
        parts = [part for part in parts if all(part) and (not self.relations or part[1] in self.relations)]
        return parts[0] if len(parts) == 1 else None


def read_unified(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a line; where it has an `id`, with it."""
    return parse_json_items(path, lambda data, origin: [_record(data, origin)])


def _record(data: dict[str, Any], origin: str) -> Record:
    given = data.get("id")
    record = Record.from_dict(data, origin, given if isinstance(given, str) else "")
    strings: list[Any] = [record.text]
    offsets: list[Any] = []
    for e in record.entity:
        strings += (e.entity, e.entity_type)
        offsets += (e.start, e.end)
    for r in record.relation:
        strings += (r.head, r.head_type, r.relation, r.tail, r.tail_type)
        offsets += (r.head_start, r.head_end, r.tail_start, r.tail_end)
    for v in record.event:
        strings += (v.event_trigger, v.event_type)
        offsets += (v.start, v.end)
        for a in v.arguments:
            strings += (a.argument, a.role)
            offsets += (a.start, a.end)
    if not _STRING.issuperset(map(type, strings)):
        raise TypeError(f"{next(s for s in strings if not isinstance(s, str))!r} is no string")
    if not _OFFSET.issuperset(map(type, offsets)):
        raise TypeError(f"{next(n for n in offsets if type(n) not in _OFFSET)!r} is no offset")
    return record


def find_test(folder: Path) -> tuple[Path, ...]:
    """The test split of a folder in this layout; nothing where there is none."""
    path = folder / "test.json"
    return (path,) if path.is_file() else ()


def read_unified_schema(path: Path) -> UnifiedSchema:
    """Read the three lines.

    Raises:
        FormatError: where they are not those of a schema, or name something twice.
    """
    lines = [(number, line) for number, line in read_lines(path) if line.strip()]
    try:
        (first, types), (second, relations), (third, roles) = ((number, orjson.loads(line)) for number, line in lines)
        for number, names in ((first, types), (second, relations), *((third, names) for names in roles.values())):
            _check_names(names, f"{path}:{number}")
        return UnifiedSchema(tuple(types), tuple(relations), {name: tuple(of) for name, of in roles.items()})
    except (AttributeError, TypeError, ValueError):
        raise FormatError(
            f"{path}:1: not a schema of three lines (types, relations or roles, type to roles); mend the file."
        ) from None


def _check_names(names: Any, place: str) -> None:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError
    if twice := next((name for number, name in enumerate(names) if name in names[:number]), None):
        raise FormatError(f"{place}: {twice!r} stands twice in this schema; mend the file.")
