"""How large the whole corpus is, from the part of it that was built and the sizes that are known of its sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .shards import configs_of
from .source import HELD_OUT_SPLITS, Source
from .stats import Part, Statistics
from .summary import MIXED_TASKS

PUBLISHED = "As published: over 2,000,000 rows, about 320,000,000 tokens by Baichuan2's tokenizer."


@dataclass(frozen=True)
class Estimate:
    """Rows and tokens of all sources.

    Attributes:
        rows: split → rows.
        tokens: split → tokens; empty where none were counted.
        measured: splits of sources whose own rows gave the rate.
        inferred: those for which other splits of the source did, or sources of their task, in their language if any.
        unknown: those that are left out, since their size or nothing like them is known.
    """

    rows: Mapping[str, int]
    tokens: Mapping[str, int]
    measured: tuple[str, ...]
    inferred: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass
class _Rate:
    """Rows and tokens for so many records."""

    records: int = 0
    rows: int = 0
    tokens: int = 0

    def add(self, records: int, part: Part) -> None:
        self.records += records
        self.rows += part.rows
        self.tokens += part.tokens or 0


def estimate(statistics: Statistics, sources: Iterable[Source], report: Mapping[str, Any]) -> Estimate:
    """Scale what was measured to the full sizes.

    Args:
        statistics: of a built corpus.
        sources: all that belong to the whole corpus.
        report: of the build, which tells how many records were read before cleaning; may be empty.
    """
    read = {(shard["source"], shard["split"]): shard["read"] for shard in report.get("shards", ())}
    records: dict[tuple[str, str], int] = {}  # EEA asks about some of them only
    for part in statistics.parts:
        key = part.source, part.split
        records[key] = read.get(key) or max(part.records, records.get(key, 0))
    # Ever less like the split itself.
    own: dict[tuple[str, str, str], _Rate] = defaultdict(_Rate)
    kin: dict[tuple[str, bool, str], _Rate] = defaultdict(_Rate)
    like: dict[tuple[str, str, bool], _Rate] = defaultdict(_Rate)
    for part in statistics.parts:
        if part.task.lower() in MIXED_TASKS:
            number, kind = records[part.source, part.split], part.split in HELD_OUT_SPLITS
            own[part.source, part.split, part.task].add(number, part)
            kin[part.source, kind, part.task].add(number, part)
            like[part.language, part.task, kind].add(number, part)
            like["", part.task, kind].add(number, part)
    rows: dict[str, int] = defaultdict(int)
    tokens: dict[str, int] = defaultdict(int)
    measured: list[str] = []
    inferred: list[str] = []
    unknown: list[str] = []
    for source in sources:
        tasks = [task for config in configs_of(source) if (task := config.partition("_")[2]) in MIXED_TASKS]
        for split in source.splits:
            name, size, kind = f"{source.name}/{split}", full_size(source, split), split in HELD_OUT_SPLITS
            direct = (source.name, split) in records
            rates = [
                own.get((source.name, split, task))
                or (_Rate(1) if direct else None)  # a task that has no rows in a split that is there
                or kin.get((source.name, kind, task))
                or like.get((source.language, task, kind))
                or like.get(("", task, kind))
                for task in map(str.upper, tasks)
            ]
            if size is None or None in rates:
                unknown.append(name)
                continue
            (measured if direct else inferred).append(name)
            for rate in filter(None, rates):
                rows[split] += round(size * rate.rows / rate.records)
                tokens[split] += round(size * rate.tokens / rate.records)
    counted = dict(tokens) if statistics.tokenizer else {}
    return Estimate(dict(rows), counted, tuple(measured), tuple(inferred), tuple(unknown))


def full_size(source: Source, split: str) -> int | None:
    """Records of a split of a source's full files; None where nobody has told."""
    if split in source.sizes:
        carved = [s for s in source.carve if s not in source.sizes] if split == "train" else []
        return round(source.sizes[split] * (1 - sum(source.carve[s] for s in carved)))
    if split in source.carve and "train" in source.sizes:
        return round(source.sizes["train"] * source.carve[split])
    return None
