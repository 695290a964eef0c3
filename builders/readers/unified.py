"""The published unified layout: a folder with `train.json`, `dev.json`, `test.json` and `schema.json`.

A record a line, with the field names of `Record`: `{"text", "entity" | "relation" | "event": […]}`. The schema has
three lines: a list of types, a list of relations or roles, and an object of event type → roles.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from ..errors import FormatError
from ..records import Record, Rejected
from .lines import parse_json_items, read_lines


class UnifiedSchema(NamedTuple):
    """The three lines of a `schema.json`."""

    types: tuple[str, ...]
    relations: tuple[str, ...]
    roles: dict[str, tuple[str, ...]]


def read_unified(path: Path) -> Iterator[Record | Rejected]:
    """Yield one record a line."""
    return parse_json_items(path, lambda data, origin: [Record.from_dict(data, origin)])


def find_test(folder: Path) -> tuple[Path, ...]:
    """The test split of a folder in this layout; nothing where there is none."""
    path = folder / "test.json"
    return (path,) if path.is_file() else ()


def read_unified_schema(path: Path) -> UnifiedSchema:
    """Read the three lines.

    Raises:
        FormatError: where they are not those of a schema.
    """
    lines = [line for _, line in read_lines(path) if line.strip()]
    try:
        types, relations, roles = map(orjson.loads, lines)
        return UnifiedSchema(tuple(types), tuple(relations), {name: tuple(of) for name, of in roles.items()})
    except (AttributeError, TypeError, ValueError):
        raise FormatError(
            f"{path}:1: not a schema of three lines (types, relations or roles, type to roles); mend the file."
        ) from None
