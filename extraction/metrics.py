"""Score answers against gold: micro precision, recall and F1 per task and source, and over all sources.

What is compared are the items of a task: (type, mention) for NER, (subject, relation, object) for RE and SPO, (type,
trigger) for EE and EET, (type, argument, role) and, as `pair`, (type, trigger, argument, role) for EE and EEA, (type,
entity, attribute, value) for KG. They are counted as multisets, record by record: what is answered twice and stands
once in the gold is right once and wrong once. What was answered to keys that were not asked is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .predictions import Answered

ALL = ""  # stands for every source in a line


@dataclass(frozen=True)
class Counts:
    """How many items the gold holds, were predicted, and agree."""

    gold: int = 0
    predicted: int = 0
    correct: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.gold + other.gold, self.predicted + other.predicted, self.correct + other.correct)

    @property
    def precision(self) -> float:
        """In per cent; 100 where nothing was predicted and nothing was there."""
        return _percent(self.correct, self.predicted, self.gold)

    @property
    def recall(self) -> float:
        return _percent(self.correct, self.gold, self.predicted)

    @property
    def f1(self) -> float:
        return _percent(2 * self.correct, self.gold + self.predicted, 0)


@dataclass(frozen=True)
class Answers:
    """How many answers were read, and how: one for each schema batch."""

    rows: int = 0
    repaired: int = 0
    failed: int = 0
    dropped: int = 0  # values that had not the task's shape

    def __add__(self, other: Answers) -> Answers:
        return Answers(
            self.rows + other.rows,
            self.repaired + other.repaired,
            self.failed + other.failed,
            self.dropped + other.dropped,
        )


@dataclass(frozen=True)
class Line:
    """One line of the report: a facet (entity, relation, trigger, …) of a task in one source, or in all."""

    task: str
    source: str
    facet: str
    counts: Counts
    answers: Answers


@dataclass(frozen=True)
class Scores:
    """The report; `lines` holds each task's sources, then the task over all of them."""

    lines: tuple[Line, ...]

    def line(self, task: str, source: str = ALL, facet: str | None = None) -> Line:
        """One line; over all sources, and the task's first facet, unless named.

        Raises:
            KeyError: where there is none.
        """
        for line in self.lines:
            if (line.task, line.source) == (task, source) and facet in (None, line.facet):
                return line
        raise KeyError((task, source, facet))

    def table(self) -> str:
        """For people: a Markdown table that reads well on a terminal too."""
        head = (
            "task",
            "source",
            "items",
            "gold",
            "predicted",
            "correct",
            "P",
            "R",
            "F1",
            "rows",
            "repaired",
            "failed",
        )
        return markdown_table(head, [self._cells(line) for line in self.lines])

    @staticmethod
    def _cells(line: Line) -> tuple[Any, ...]:
        c, a = line.counts, line.answers
        scores = (f"{x:.2f}" for x in (c.precision, c.recall, c.f1))
        source = line.source or "all"
        return line.task, source, line.facet, c.gold, c.predicted, c.correct, *scores, a.rows, a.repaired, a.failed

    def to_dict(self) -> dict[str, Any]:
        """For programs: the same figures, P, R and F1 in per cent to two decimals."""
        return {"scores": [_line_dict(line) for line in self.lines]}


def score_records(records: Iterable[Answered]) -> Scores:
    """Score answers that are read already."""
    counts: dict[tuple[str, str, str], Counts] = {}
    answers: dict[tuple[str, str], Answers] = {}
    for record in records:
        read = Answers(record.statuses.total(), record.statuses["repaired"], record.statuses["failed"], record.dropped)
        for source in (record.source, ALL):
            group = (record.task.name, source)
            answers[group] = answers.get(group, Answers()) + read
            for facet in record.task.facets:
                compared = compare(record.gold.get(facet, ()), record.predicted.get(facet, ()))
                key = (*group, facet)
                counts[key] = counts.get(key, Counts()) + compared
    return Scores(in_order(Line(*key, found, answers[key[:2]]) for key, found in counts.items()))


def in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Tasks in the order in which they came, their sources by name, all sources last."""
    lines = list(lines)
    order = {task: place for place, task in enumerate(dict.fromkeys(line.task for line in lines))}
    return tuple(sorted(lines, key=lambda line: (order[line.task], line.source == ALL, line.source)))


def compare(gold: Iterable[Any], predicted: Iterable[Any]) -> Counts:
    """Count two multisets of items."""
    left, right = Counter(gold), Counter(predicted)
    return Counts(left.total(), right.total(), (left & right).total())


def markdown_table(head: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> str:
    """A Markdown table with its columns aligned, figures to the right."""
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    right = [all(isinstance(row[n], int) or _is_figure(row[n]) for row in rows) for n in range(len(head))]
    widths = [max(len(name), 3, *(len(row[n]) for row in cells), 3) for n, name in enumerate(head)]

    def line(row: Iterable[str]) -> str:
        padded = (cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (w + 1) + (":" if r else "-") for w, r in zip(widths, right, strict=True))
    return "\n".join((line(head), f"|{rule}|", *map(line, cells)))


def _line_dict(line: Line) -> dict[str, Any]:
    c = line.counts
    return {
        "task": line.task,
        "source": line.source or None,
        "items": line.facet,
        **vars(c),
        **{name: round(getattr(c, name), 2) for name in ("precision", "recall", "f1")},
        **vars(line.answers),
    }


def _is_figure(cell: Any) -> bool:
    return isinstance(cell, str) and cell.replace(".", "", 1).isdigit()


def _percent(part: int, whole: int, other: int) -> float:
    if whole:
        return 100 * part / whole
    return 0.0 if other else 100.0
