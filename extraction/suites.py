"""The suites that scores are published for, and those scores, to stand beside one's own.

The figures are printed in the repository of the published corpus (zjunlp/IEPile): micro F1 in per cent. CrossNER is
the mean over its five domains; FewRel and Wiki-ZSL are, by their authors' word, the best of five instruction variants
on each of five draws of relations, where ours is the mean over the draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ..builders.errors import IEPileError
from ..builders.source import load_sources
from .metrics import Scores, markdown_table

FIGURES = Path(__file__).parent / "published_scores.yaml"


@dataclass(frozen=True)
class Benchmark:
    """One column of a published table: the mean over its sources of the F1 of one facet."""

    name: str
    task: str
    facet: str
    sources: tuple[str, ...]
    published: Mapping[str, float]  # model → F1

    def members(self, scores: Scores) -> dict[str, float]:
        """Source → our F1, for those of its sources that were evaluated."""
        found = {(line.task, line.source, line.facet): line.counts.f1 for line in scores.lines}
        keys = {source: (self.task, source, self.facet) for source in self.sources}
        return {source: found[key] for source, key in keys.items() if key in found}

    def score(self, scores: Scores) -> float | None:
        """Our figure, or None where not all its sources were evaluated."""
        found = self.members(scores)
        return float(np.mean(list(found.values()))) if len(found) == len(self.sources) else None


@dataclass(frozen=True)
class Suite:
    """Benchmarks that are evaluated together."""

    name: str
    split: str
    benchmarks: tuple[Benchmark, ...]

    @property
    def sources(self) -> list[str]:
        return list(dict.fromkeys(source for benchmark in self.benchmarks for source in benchmark.sources))

    @property
    def configs(self) -> list[str]:
        """The configs that hold the rows: those of the main tasks, in the suite's languages."""
        known = load_sources()
        return sorted({f"{known[source].language}_{known[source].task.lower()}" for source in self.sources})

    def to_dict(self, scores: Scores) -> dict[str, Any]:
        """For programs: benchmark → ours, that of each of its sources, and the published figures."""
        return {
            f"{b.name} ({b.facet})": {
                "ours": _rounded(b.score(scores)),
                "members": {source: _rounded(f1) for source, f1 in b.members(scores).items()},
                "published": dict(b.published),
            }
            for b in self.benchmarks
        }

    def table(self, scores: Scores) -> str:
        """A Markdown table: a line a benchmark, a column a published model, the last column ours."""
        models = list(dict.fromkeys(model for b in self.benchmarks for model in b.published))
        rows = [
            (_title(b), b.facet, *(_cell(b.published.get(model)) for model in models), _cell(b.score(scores)))
            for b in self.benchmarks
        ]
        return markdown_table(["benchmark", "items", *models, "this model"], rows)


def get_suite(name: str) -> Suite:
    """The suite of that name.

    Raises:
        IEPileError: if there is none.
    """
    suites = load_suites()
    if name not in suites:
        raise IEPileError(f"There is no suite {name!r}; there are {', '.join(suites)}.")
    return suites[name]


@cache
def load_suites() -> Mapping[str, Suite]:
    """Name → suite, from `published_scores.yaml`."""
    data = yaml.safe_load(FIGURES.read_text("utf-8"))
    return {name: _suite(name, suite) for name, suite in data.items()}


def _suite(name: str, data: Mapping[str, Any]) -> Suite:
    benchmarks = [
        Benchmark(
            entry, table["task"], table["facet"], _sources(known["sources"], load_sources()), _figures(table, known)
        )
        for table in data["tables"]
        for entry, known in table["benchmarks"].items()
    ]
    return Suite(name, data["split"], tuple(benchmarks))


def _figures(table: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, float]:
    return {m: f for m, f in zip(table["models"], known["f1"], strict=True) if f is not None}


def _sources(patterns: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """The sources named, `_*` standing for all parts of one."""
    return tuple(
        name
        for pattern in patterns
        for name in sorted(known)
        if name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))
    )


def _title(benchmark: Benchmark) -> str:
    parts = len(benchmark.sources)
    return f"{benchmark.name} (mean of {parts})" if parts > 1 else benchmark.name


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 2)


def _cell(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.2f}"
