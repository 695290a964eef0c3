"""Read a model's answer: never raises, and always gives exactly the keys that were asked for."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal

from json_repair import repair_json

from ..builders.tasks import Items, Task

Status = Literal["valid", "repaired", "failed"]
REPAIRABLE = 20_000  # characters; the repair takes quadratic time on the worst input, and no answer is as long
_NOTHING = object()
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')
_OPEN_END = re.compile(r'(,?\s*"([^"\\]|\\.)*":)?[,\s]*$')  # a key without its value, or a comma


@dataclass(frozen=True)
class Parsed:
    """A model's answer, read.

    Attributes:
        answer: every asked key in the order asked, its values of the task's shape.
        status: `valid` JSON as it came, `repaired`, or `failed` (then every key has the empty answer).
        off_schema: what was answered to keys or roles that were not asked, as the task's items.
        dropped: how many values were left out because they had not the task's shape.
    """

    answer: dict[str, Any]
    status: Status
    off_schema: Items = field(default_factory=dict)
    dropped: int = 0


def parse(
    output: str,
    task: Task,
    entries: Sequence[Any],
    *,
    repair: bool = True,
    shapes: Mapping[str, Mapping[str, Any]] | None = None,
) -> Parsed:
    """Read the answer to schema entries, in the task's shapes or narrower ones of the same keys.

    A key that stands twice keeps its last value, as in JSON; a value that occurs twice in a list stays twice. What has
    not the task's shape (a number for a mention, a string for a list) is left out and counted, never guessed at. With
    `repair`, text around the JSON, code fences, missing brackets and quotes and the like are mended first.
    """
    found, status = read_object(output, repair)
    lost: list[Any] = []
    answer = {}
    for entry in entries:
        key = task.entry_key(entry)
        shape = shapes[key] if shapes else task.shape(entry)
        value = conform(found[key], shape, lost) if key in found else _NOTHING
        answer[key] = default(shape) if value is _NOTHING else value
    inside = task.items(answer)
    off_schema = {
        facet: list((Counter(items) - Counter(inside.get(facet, ()))).elements())
        for facet, items in task.items(found).items()
    }
    return Parsed(answer, status, {facet: items for facet, items in off_schema.items() if items}, len(lost))


def complete(output: str, task: Task, entries: Sequence[Any]) -> str:
    """A valid answer from one that keeps the format but was cut: its unfinished end is taken off, the rest closed."""
    quotes = [match.end() - 1 for match in _QUOTE.finditer(output)]
    if len(quotes) % 2:
        output = output[: quotes[-1]]
    return task.answer(parse(_OPEN_END.sub("", output), task, entries).answer)


def read_object(output: str, repair: bool = True) -> tuple[dict[str, Any], Status]:
    """The JSON object that a model wrote, or an empty one; never raises."""
    try:
        value = json.loads(output)
        status: Status = "valid"
    except (ValueError, RecursionError):
        value, status = _repaired(output) if repair and len(output) <= REPAIRABLE else None, "repaired"
    if isinstance(value, list) and status == "repaired":  # several objects, or an object in brackets
        value = next((item for item in value if isinstance(item, dict)), None)
    if not isinstance(value, dict):
        return {}, "failed"
    return _encodable(value), status


def conform(value: Any, shape: Mapping[str, Any], lost: list[Any]) -> Any:
    """The value in the shape of a JSON Schema, or `_NOTHING`; what is left out on the way is added to `lost`.

    Knows the schemas that `Task.shape` writes: const, enum, anyOf, and the types string, array and object; and
    `within`, a text that a string must stand in.
    """
    if "anyOf" in shape:
        for option in shape["anyOf"]:
            inner: list[Any] = []
            if (result := conform(value, option, inner)) is not _NOTHING:
                lost += inner
                return result
    elif "const" in shape or "enum" in shape:
        if value in shape.get("enum", [shape.get("const")]):
            return value
    elif shape["type"] == "string":
        if isinstance(value, str) and value in shape.get("within", value):
            return value
    elif shape["type"] == "array":
        if isinstance(value, list):
            items = [conform(item, shape["items"], lost) for item in value]
            return [item for item in items if item is not _NOTHING]
    elif isinstance(value, Mapping):
        if (result := _conform_object(value, shape, lost)) is not _NOTHING:
            return result
    lost.append(value)
    return _NOTHING


def _conform_object(value: Mapping[str, Any], shape: Mapping[str, Any], lost: list[Any]) -> Any:
    result: dict[str, Any] = {}
    if "propertyNames" in shape:
        names = (name for name in value if conform(name, shape["propertyNames"], lost) is not _NOTHING)
        found = ((name, conform(value[name], shape["additionalProperties"], lost)) for name in names)
        return {name: part for name, part in found if part is not _NOTHING}
    required = shape.get("required", ())
    for name, inner in shape.get("properties", {}).items():
        part = conform(value[name], inner, lost) if name in value else _NOTHING
        if part is _NOTHING and name in required and (part := default(inner)) is _NOTHING:
            return _NOTHING
        if part is not _NOTHING:
            result[name] = part
    return result if len(result) >= shape.get("minProperties", 0) else _NOTHING


def default(shape: Mapping[str, Any]) -> Any:
    """What says "nothing" in a shape: `NAN`, an empty list or object; `_NOTHING` where there is no such value."""
    if "const" in shape:
        return copy(shape["const"])
    if "anyOf" in shape:
        return next((d for option in shape["anyOf"] if (d := default(option)) is not _NOTHING), _NOTHING)
    return {"array": list, "object": dict}.get(shape.get("type", ""), lambda: _NOTHING)()


def _repaired(output: str) -> Any:
    try:
        return repair_json(output, return_objects=True, skip_json_loads=True)
    except Exception:  # a model can write anything, and the library says not what it may raise
        return None


def _encodable(value: dict[str, Any]) -> dict[str, Any]:
    """The object with half surrogate pairs replaced: JSON can spell them, UTF-8 cannot."""
    try:
        written = json.dumps(value, ensure_ascii=False)
        written.encode("utf-8")
    except UnicodeEncodeError:
        mended: dict[str, Any] = json.loads(written.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        return mended
    except RecursionError:
        return {}
    return value
