"""The shape of an answer as JSON Schema, from what each task says of its entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..builders.tasks import MENTION
from .backend import Question

Shape = dict[str, Any]


def answer_shapes(question: Question, within: str | None = None) -> dict[str, Shape]:
    """Key → the shape of its value, in the order asked, enumerated roles with their values.

    Args:
        question: what is asked.
        within: a text that every mention must stand in, said by a keyword of our own that `parsing.conform` knows.
    """
    task = question.task
    shapes = {task.entry_key(e): _with_values(task.shape(e), question.role_values) for e in question.entries}
    return shapes if within is None else {key: _within(shape, within) for key, shape in shapes.items()}


def json_schema(question: Question) -> Shape:
    """JSON Schema of the whole answer, as servers take it."""
    shapes = answer_shapes(question)
    return {"type": "object", "properties": shapes, "required": list(shapes), "additionalProperties": False}


def _with_values(shape: Any, values: Mapping[str, Sequence[str]]) -> Any:
    """The shape with the mentions of enumerated roles replaced by the roles' values."""
    if not isinstance(shape, dict) or not values:
        return shape
    changed = {k: _with_values(v, values) for k, v in shape.items() if k not in ("properties", "anyOf")}
    if "anyOf" in shape:
        changed["anyOf"] = [_with_values(option, values) for option in shape["anyOf"]]
    if "properties" in shape:
        changed["properties"] = {
            name: _enumerated(inner, list(values[name])) if name in values else _with_values(inner, values)
            for name, inner in shape["properties"].items()
        }
    return changed


def _enumerated(shape: Any, values: list[str]) -> Any:
    if shape == MENTION:
        return {"enum": values}
    if "anyOf" in shape:
        return {**shape, "anyOf": [_enumerated(option, values) for option in shape["anyOf"]]}
    return {**shape, "items": _enumerated(shape["items"], values)} if "items" in shape else shape


def _within(shape: Any, text: str) -> Any:
    if shape == MENTION:
        return {**MENTION, "within": text}
    if isinstance(shape, dict):
        return {key: _within(value, text) for key, value in shape.items()}
    return [_within(value, text) for value in shape] if isinstance(shape, list) else shape
