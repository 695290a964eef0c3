"""Scores by the published rule, to the last digit, for comparing with figures that were made by it.

It differs from ours: the rows of one source and text are put together, and where two records share a text the first
one's gold stands for both; what is no JSON object counts as no answer; a missing subject or object is an empty one;
`NAN` as a trigger is an item like others; P and R are rounded to two decimals, and F1 is made from the rounded ones.
For EEA it reads roles directly below the event type, as an older format had them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..builders.errors import FormatError, IEPileError
from ..builders.tasks import NAN, Task
from .metrics import Answers, Counts, Line, Scores, compare, in_order
from .predictions import Row, load_field, read_instruction, read_string, task_of

Found = dict[str, list[Any]]  # facet → items


@dataclass(frozen=True)
class RoundedCounts(Counts):
    """Precision, recall and F1 as the published code computes them; 0 where there is nothing."""

    @property
    def precision(self) -> float:
        return round(self.correct / self.predicted * 100, 2) if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return round(self.correct / self.gold * 100, 2) if self.gold else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return round(2 * self.precision * self.recall / both, 2) if both else 0.0


@dataclass
class _Merged:
    """All rows of one source and text."""

    task: Task
    source: str
    owner: str  # the record whose gold it is
    gold: Found
    predicted: Found = field(default_factory=dict)
    rows: int = 0
    failed: int = 0


def score_published(rows: Iterable[tuple[str, Row]], task: Task | None = None) -> Scores:
    """Score rows of either format by the published rule.

    Args:
        rows: (origin, row) as `predictions.read_predictions` gives them.
        task: that of rows that name none.

    Raises:
        FormatError: where a row cannot be scored.
    """
    counts: dict[tuple[str, str, str], Counts] = {}
    answers: dict[tuple[str, str], Answers] = {}
    for merged in _merge(rows, task):
        read = Answers(merged.rows, 0, merged.failed)
        for source in (merged.source, ""):
            group = (merged.task.name, source)
            answers[group] = answers.get(group, Answers()) + read
            for facet, gold in merged.gold.items():
                key = (*group, facet)
                counts[key] = counts.get(key, Counts()) + compare(gold, merged.predicted.get(facet, ()))
    lines = [Line(*key, RoundedCounts(*vars(found).values()), answers[key[:2]]) for key, found in counts.items()]
    return Scores(in_order(lines))


def _merge(rows: Iterable[tuple[str, Row]], task: Task | None) -> Iterable[_Merged]:
    merged: dict[tuple[str, str, str], _Merged] = {}
    for origin, row in rows:
        ours = "prediction" in row
        if not ours and "label" not in row:
            raise FormatError(f"{origin}: the row has neither `prediction` nor `label`; it cannot be scored.")
        asked = task_of(row, origin, task)
        if asked.name not in _READERS:
            raise IEPileError(f"The published rule has no {asked.name}; score it with the default profile.")
        source, owner = str(row.get("source", "None")), read_string(row, "id", origin)
        text = read_instruction(row, asked, origin)[1] if ours else owner  # their id is the digest of the text
        reader, facets = _READERS[asked.name], _FACETS[asked.name]
        known = merged.setdefault((asked.name, source, text), _Merged(asked, source, owner, {f: [] for f in facets}))
        if ours and known.owner == owner:
            _extend(known.gold, reader(load_field(row, "output", origin, dict)))
        elif not ours and known.rows == 0:
            known.gold = _label(asked.name, load_field(row, "label", origin, list), origin)
        known.rows += 1
        answer = _object(read_string(row, "prediction" if ours else "output", origin))
        if answer is None:
            known.failed += 1
        else:
            _extend(known.predicted, reader(answer))
    return merged.values()


def _object(output: str) -> Any:
    try:
        found = json.loads(output)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _extend(found: Found, more: Found) -> None:
    for facet, items in more.items():
        found.setdefault(facet, []).extend(items)


def _mentions(facet: str) -> Callable[[Mapping[str, Any]], Found]:
    def read(answer: Mapping[str, Any]) -> Found:
        return {facet: [(value, key) for key, value in _listed(answer) if isinstance(value, str)]}

    return read


def _pairs(answer: Mapping[str, Any]) -> Found:
    found = ((p.get("subject", ""), key, p.get("object", "")) for key, p in _listed(answer) if isinstance(p, dict))
    return {"relation": [item for item in found if isinstance(item[0], str) and isinstance(item[2], str)]}


def _events(answer: Mapping[str, Any]) -> Found:
    found: Found = {"trigger": [], "argument": []}
    for key, event in _listed(answer):
        if isinstance(event, dict) and isinstance(event.get("trigger", ""), str):
            found["trigger"].append((key, event.get("trigger", "")))
            arguments = event.get("arguments")
            found["argument"] += _filled(key, arguments) if isinstance(arguments, dict) else []
    return found


def _roles(answer: Mapping[str, Any]) -> Found:
    events = [(key, event) for key, event in _listed(answer) if isinstance(event, dict)]
    return {
        "trigger": [(key, "") for key, _ in events],
        "argument": [item for key, event in events for item in _filled(key, event)],
    }


def _listed(answer: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, values in answer.items() if isinstance(values, list) for value in values)


def _filled(key: str, roles: Mapping[str, Any]) -> list[Any]:
    """(event type, argument, role); what is no string is an item all the same, that no gold equals."""
    return [
        (key, value if isinstance(value, str) else json.dumps([value]), role)
        for role, values in roles.items()
        for value in (values if isinstance(values, list) else [values])
        if value != NAN
    ]


def _label(task: str, label: list[Any], origin: str) -> Found:
    """The items of a published label, as often as they stand in it."""
    try:
        if task == "NER":
            return {"entity": [(item["entity"], item["entity_type"]) for item in label]}
        if task in ("RE", "SPO"):
            return {"relation": [tuple(item.get(k, "") for k in ("head", "relation", "tail")) for item in label]}
        if task == "EET":
            return {"trigger": [(item["event_trigger"], item["event_type"]) for item in label]}
        return {
            "trigger": [(e["event_type"], "" if task == "EEA" else e["event_trigger"]) for e in label],
            "argument": [(e["event_type"], a["argument"], a["role"]) for e in label for a in e["arguments"]],
        }
    except (AttributeError, KeyError, TypeError):
        raise FormatError(f"{origin}: `label` holds no items of {task}; is this row of another task?") from None


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Found]] = {
    **{"NER": _mentions("entity"), "EET": _mentions("trigger"), "RE": _pairs, "SPO": _pairs},
    **{"EE": _events, "EEA": _roles},
}
_FACETS = {
    **{"NER": ("entity",), "EET": ("trigger",), "RE": ("relation",), "SPO": ("relation",)},
    **{"EE": ("trigger", "argument"), "EEA": ("trigger", "argument")},
}
