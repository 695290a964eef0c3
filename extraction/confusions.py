"""Which labels a model takes for one another, from an evaluation's predictions: what hard negatives exist to cure.

A confusion is what the model found under one label and the gold has under another only: the same mention, the same
subject and object, the same trigger.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from ..builders.tasks import Items, Task
from .predictions import Answered, answered, read_predictions

Confusions = dict[tuple[str, str], int]  # (right label, what the model said) → how often
Labels = defaultdict[tuple[str, ...], set[str]]  # a mention, a pair, a trigger → its labels


def read_confusions(path: Path) -> dict[tuple[str, str], Confusions]:
    """(task, source) → its confusions, from a file of predictions in either format.

    Raises:
        FormatError: where the file is none.
    """
    return count_confusions(answered(read_predictions(path)))


def count_confusions(answers: Iterable[Answered]) -> dict[tuple[str, str], Confusions]:
    """(task, source) → (right label, what the model said) → how often; nothing where the model confused nothing.

    The batches of a text are put together first: what one of them asks for, the model may give in answer to another.
    """
    right: dict[tuple[str, str, str], Labels] = {}
    said: dict[tuple[str, str, str], Labels] = {}
    for answer in answers:
        text = (answer.task.name, answer.source, answer.text)
        _add(answer.task, answer.gold, right.setdefault(text, defaultdict(set)))
        _add(answer.task, answer.predicted, said.setdefault(text, defaultdict(set)))
    found: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for text, things in said.items():
        counts = found[text[:2]]
        for thing, labels in things.items():
            gold = right[text][thing]
            counts.update((label, wrong) for label in gold for wrong in labels - gold)
    return {key: dict(sorted(counts.items())) for key, counts in found.items()}


def _add(task: Task, items: Items, labels: Labels) -> None:
    facet = task.facets[0]
    for item in items.get(facet, ()):
        label, thing = _parted(facet, item)
        labels[thing].add(label)


def _parted(facet: str, item: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The label of an item, and the rest of it; a relation's label stands between subject and object."""
    if facet == "relation":
        return item[1], (item[0], item[2])
    return item[0], item[1:]
