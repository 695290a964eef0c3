"""Split the text of a row that is too long, so that it can be trained on in parts instead of being left out.

Each part asks for the same schema; its answer holds what lies in it. What needs two parts (a relation whose subject
and object the cut parts) is in neither, so a cut goes between sentences where it can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]

NAN = "NAN"
_SHORTEST = 20  # characters; a text below that is not what makes a row long
# The end of a sentence, Chinese or English; then of a clause; then of a word.
_ENDS = (re.compile(r"[。！？]|[.!?](?=\s)|\n"), re.compile(r"[，；、]|[,;:](?=\s)"), re.compile(r"\s"))


def split_row(row: Row, fits: Callable[[Row], bool]) -> Iterator[Row]:
    """The row in parts that fit, in order; nothing where that can't be had.

    Args:
        row: of NER, RE, SPO, EE or EET. EEA names the triggers of the whole text in its schema, and is not split.
        fits: whether a row is short enough.
    """
    instruction = json.loads(row["instruction"])
    text = instruction["input"]
    if row["task"] not in ("NER", "RE", "SPO", "EE", "EET") or len(text) < 2 * _SHORTEST:
        return
    place = _cut(text)
    parts: list[Row] = []
    for part in (text[:place].rstrip(), text[place:].lstrip()):
        output = _kept(json.loads(row["output"]), part)
        changed = {
            "instruction": json.dumps({**instruction, "input": part}, ensure_ascii=False),
            "output": json.dumps(output, ensure_ascii=False),
        }
        half = {**row, **changed}
        found = [half] if fits(half) else list(split_row(half, fits))
        if not found:
            return
        parts += found
    yield from parts


def _cut(text: str) -> int:
    """Where to cut: behind the end of a sentence, a clause or a word, the nearest to the middle."""
    middle = len(text) // 2
    for ends in _ENDS:
        places = [m.end() for m in ends.finditer(text) if _SHORTEST // 2 <= m.end() <= len(text) - _SHORTEST // 2]
        # A sentence that ends near the edge would leave a part as long as the whole.
        near = [place for place in places if abs(place - middle) <= len(text) // 4]
        if near:
            return min(near, key=lambda place: abs(place - middle))
    return middle


def _kept(answer: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The answer with only what occurs in the text."""
    return {key: [kept for item in items if (kept := _item(item, text)) is not None] for key, items in answer.items()}


def _item(item: Any, text: str) -> Any:
    if isinstance(item, str):  # an entity, or a trigger
        return item if item in text else None
    if "trigger" not in item:  # a relation
        return item if all(value in text for value in item.values()) else None
    arguments = {role: _values(values, text) for role, values in item["arguments"].items()}
    here = item["trigger"] in text if item["trigger"] != NAN else any(v != NAN for v in arguments.values())
    if not here:
        return None
    # An event none of whose roles is filled has no roles in its answer.
    return {**item, "arguments": arguments if any(v != NAN for v in arguments.values()) else {}}


def _values(values: str | list[str], text: str) -> str | list[str]:
    here = [value for value in ([values] if isinstance(values, str) else values) if value != NAN and value in text]
    return NAN if not here else here[0] if len(here) == 1 else here
