"""Beyond micro F1: figures by label, macro F1, what kinds of errors were made, and how sure the figures are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..builders.tasks import Items
from .grounding import Grounder
from .metrics import ALL, Counts, compare, markdown_table
from .predictions import Answered

Key = tuple[str, str, str]  # task, source ("" for all), facet
Item = tuple[str, ...]
KINDS = ("off schema", "not in text", "swapped", "wrong type", "wrong boundary", "spurious", "missed")


class Parts(NamedTuple):
    """Where in an item of a facet its label and its mentions stand."""

    label: tuple[int, ...]
    mentions: tuple[int, ...]


PARTS: Mapping[str, Parts] = {
    "entity": Parts((0,), (1,)),
    "relation": Parts((1,), (0, 2)),
    "trigger": Parts((0,), (1,)),
    "argument": Parts((0, 2), (1,)),
    "pair": Parts((0, 3), (1, 2)),
    "attribute": Parts((0, 2), (1, 3)),
}


@dataclass(frozen=True)
class Analysis:
    """What can be told of answers beside their scores.

    Attributes:
        labels: key → label → its counts.
        kinds: key → kind of error → how often; `missed` counts gold items, the others predicted ones.
        intervals: key → the 95% interval of F1, from resampled records.
        by_place: key → counts where mentions are compared by their place in the text, so that `muller` is `Müller`.
    """

    labels: Mapping[Key, Mapping[str, Counts]]
    kinds: Mapping[Key, Mapping[str, int]]
    intervals: Mapping[Key, tuple[float, float]]
    by_place: Mapping[Key, Counts]

    def macro_f1(self, key: Key) -> float:
        """The mean of the labels' F1, over labels that the gold or the answers have."""
        return float(np.mean([counts.f1 for counts in self.labels[key].values()])) if self.labels.get(key) else 0.0

    def to_dict(self) -> list[dict[str, Any]]:
        """For programs: one object a key."""
        return [
            {
                **{"task": key[0], "source": key[1] or None, "items": key[2]},
                "f1_interval": [round(bound, 2) for bound in self.intervals[key]],
                "macro_f1": round(self.macro_f1(key), 2),
                "f1_by_place": round(self.by_place[key].f1, 2),
                "errors": dict(self.kinds[key]),
                "labels": {
                    label: {**vars(counts), "f1": round(counts.f1, 2)} for label, counts in self.labels[key].items()
                },
            }
            for key in self.intervals
        ]

    def report(self) -> str:
        """For people: Markdown tables."""
        head = ["task", "source", "items", "95% of F1", "macro F1", "F1 by place", *KINDS]
        rows = []
        for key in self.intervals:
            low, high = self.intervals[key]
            figures = (f"{low:.2f}–{high:.2f}", f"{self.macro_f1(key):.2f}", f"{self.by_place[key].f1:.2f}")
            counts = (self.kinds[key].get(kind, 0) for kind in KINDS)
            rows.append((key[0], key[1] or "all", key[2], *figures, *counts))
        labels = [
            (key[0], key[1], key[2], label, c.gold, c.predicted, c.correct, f"{c.f1:.2f}")
            for key, by_label in self.labels.items()
            if key[1] != ALL
            for label, c in by_label.items()
        ]
        tables = ["## Errors", markdown_table(head, rows), "## Labels"]
        tables.append(markdown_table("task source items label gold predicted correct F1".split(), labels))
        return "\n\n".join(tables) + "\n"


def analyse(records: Iterable[Answered], samples: int = 1000, seed: int = 42) -> Analysis:
    """Look closely at answers.

    Args:
        records: as `predictions.answered` gives them.
        samples: how often the records are drawn anew for the intervals.
        seed: of those draws.
    """
    labels: dict[Key, dict[str, Counts]] = defaultdict(dict)
    kinds: dict[Key, Counter[str]] = defaultdict(Counter)
    places: dict[Key, Counts] = defaultdict(Counts)
    units: dict[Key, dict[str, Counts]] = defaultdict(dict)
    for record in records:
        grounder = Grounder(record.text)
        for facet in record.task.facets:
            gold, predicted = record.gold.get(facet, []), record.predicted.get(facet, [])
            by_label = _by_label(facet, gold, predicted)
            errors = error_kinds(record, facet, grounder)
            placed = compare(*(_placed(facet, items, grounder) for items in (gold, predicted)))
            total = compare(gold, predicted)
            for source in (record.source, ALL):
                key = (record.task.name, source, facet)
                for label, counts in by_label.items():
                    labels[key][label] = labels[key].get(label, Counts()) + counts
                kinds[key] += errors
                places[key] += placed
                # The batches of a record are drawn together: they are about one text.
                unit = f"{record.source}\0{record.id or record.text}"
                units[key][unit] = units[key].get(unit, Counts()) + total
    rng = np.random.default_rng(seed)
    order = sorted(units, key=lambda key: (key[0], key[1] == ALL, key[1]))
    return Analysis(
        {key: dict(sorted(labels[key].items())) for key in order},
        {key: {kind: kinds[key][kind] for kind in KINDS if kinds[key][kind]} for key in order},
        {key: bootstrap(list(units[key].values()), samples, rng) for key in order},
        {key: places[key] for key in order},
    )


def bootstrap(units: Sequence[Counts], samples: int, rng: np.random.Generator) -> tuple[float, float]:
    """The middle 95% of F1 over draws of as many units, with replacement."""
    table = np.array([(c.correct, c.gold + c.predicted) for c in units], dtype=np.int64)
    drawn = np.array([table[rng.integers(len(table), size=len(table))].sum(axis=0) for _ in range(samples)])
    f1 = np.where(drawn[:, 1] > 0, 200 * drawn[:, 0] / np.maximum(drawn[:, 1], 1), 100.0)
    low, high = np.percentile(f1, (2.5, 97.5))
    return float(low), float(high)


def error_kinds(record: Answered, facet: str, grounder: Grounder) -> Counter[str]:
    """Each wrong item of a record counted under the first kind that fits it, and each gold item that none came near.

    `off schema`: for a key or role that was not asked. `not in text`: a mention that does not stand there. `swapped`:
    the gold has it with subject and object exchanged. `wrong type`: the gold has the mentions under another label.
    `wrong boundary`: the gold has, under this label, mentions that share words with these. `spurious`: else.
    """
    gold, predicted = Counter(record.gold.get(facet, [])), Counter(record.predicted.get(facet, []))
    missed, wrong = list((gold - predicted).elements()), list((predicted - gold).elements())
    unasked = Counter(record.off_schema.get(facet, []))
    parts = PARTS[facet]
    found: Counter[str] = Counter()
    for item in wrong:
        if unasked[item] > 0:
            unasked[item] -= 1
            found["off schema"] += 1
        elif any(item[n] and grounder.find(item[n])[0] == "unsupported" for n in parts.mentions):
            found["not in text"] += 1
        else:
            for kind, near in _NEAR.items():
                other = next((m for m in missed if near(item, m, parts, facet)), None)
                if other is not None:
                    missed.remove(other)
                    found[kind] += 1
                    break
            else:
                found["spurious"] += 1
    found["missed"] = len(missed)
    return +found


def _swapped(item: Item, gold: Item, parts: Parts, facet: str) -> bool:
    return facet == "relation" and item == gold[::-1]


def _wrong_type(item: Item, gold: Item, parts: Parts, facet: str) -> bool:
    return _take(item, parts.mentions) == _take(gold, parts.mentions)


def _wrong_boundary(item: Item, gold: Item, parts: Parts, facet: str) -> bool:
    return _take(item, parts.label) == _take(gold, parts.label) and all(
        _share(item[n], gold[n]) for n in parts.mentions
    )


_NEAR: Mapping[str, Callable[[Item, Item, Parts, str], bool]] = {
    "swapped": _swapped,
    "wrong type": _wrong_type,
    "wrong boundary": _wrong_boundary,
}


def _share(one: str, other: str) -> bool:
    """Whether one mention stands in the other, or they share a word."""
    return one in other or other in one or bool(set(one.lower().split()) & set(other.lower().split()))


def _take(item: Item, places: tuple[int, ...]) -> Item:
    return tuple(item[n] for n in places)


def _by_label(facet: str, gold: list[Item], predicted: list[Item]) -> dict[str, Counts]:
    def name(item: Item) -> str:
        return ": ".join(_take(item, PARTS[facet].label))

    names = dict.fromkeys(map(name, (*gold, *predicted)))
    return {n: compare(*([item for item in items if name(item) == n] for items in (gold, predicted))) for n in names}


def _placed(facet: str, items: Items | list[Item], grounder: Grounder) -> list[tuple[Any, ...]]:
    """The items with each mention's first place in the text for the mention, where it has one."""

    def place(text: str) -> Any:
        spans = grounder.find(text)[1]
        return spans[0] if spans else text

    mentions = PARTS[facet].mentions
    return [tuple(place(part) if n in mentions else part for n, part in enumerate(item)) for item in items]
