"""What a built corpus holds, counted on its rows: by source, task and split; what repeats and what leaks.

Rows are read a batch at a time. Memory grows by eight bytes a text, by which repeats are known.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow.parquet as pq

from .cleaning import text_digest
from .errors import FormatError, IEPileError
from .source import HELD_OUT_SPLITS, SPLITS, known_sources
from .summary import MIXED_TASKS
from .tasks import TASKS

BATCH = 500  # rows in memory at once
COLUMNS = ("id", "task", "source", "language", "instruction", "output")

CountTokens = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True)
class Part:
    """One task of one split of one source.

    Attributes:
        domain: of the source; `unstated` where nothing tells it.
        records: texts that the task asks about.
        rows: instructions about them.
        empty: rows whose answers are all empty.
        labels: distinct ones asked for.
        asked: labels over all rows.
        positives: of these, the ones that have an answer.
        batches: labels in a row → how many rows have so many.
        characters: of the texts, each counted once.
        longest: characters of the longest text.
        tokens: of instructions and outputs, where a tokenizer counted them.
    """

    source: str
    task: str
    language: str
    domain: str
    split: str
    records: int
    rows: int
    empty: int
    labels: int
    asked: int
    positives: int
    batches: Mapping[int, int]
    characters: int
    longest: int
    tokens: int | None


@dataclass(frozen=True)
class Statistics:
    """All that was counted.

    Attributes:
        tokenizer: what counted the tokens, empty where none did.
        parts: by source, task and split.
        duplicates: `<source>/<split>` → texts that stood earlier in it.
        leaks: (`<source>/<split>` that is trained or tuned on, the held-out one) → texts of the one that stand in the
            other.
    """

    tokenizer: str
    parts: tuple[Part, ...]
    duplicates: Mapping[str, int]
    leaks: Mapping[tuple[str, str], int]

    def rows_by(self, what: str, split: str = "train") -> dict[str, int]:
        """Value of `language`, `task`, `domain` or `source` → rows of the split, most first; of the mixes alone."""
        rows: Counter[str] = Counter()
        for part in self.parts:
            if part.split == split and part.task.lower() in MIXED_TASKS:
                rows[getattr(part, what)] += part.rows
        return dict(rows.most_common())


def measure(
    corpus: Path,
    count_tokens: CountTokens | None = None,
    tokenizer: str = "",
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Statistics:
    """Count all rows of a built corpus.

    Args:
        corpus: its folder.
        count_tokens: strings → how many tokens each has.
        tokenizer: its name.
        report: is told how many rows are done, and of how many.

    Raises:
        IEPileError: where the folder is no built corpus.
        FormatError: where a row is not as a build writes it.
    """
    files = _files(corpus)
    domains = _domains(corpus)
    counts: dict[tuple[str, str, str], _Counts] = {}
    texts: dict[tuple[str, str], _Texts] = {}
    total = sum(pq.ParquetFile(path).metadata.num_rows for _, _, path in files)
    done = 0
    for rows in _count(files, counts, texts, count_tokens):
        done += rows
        report(done, total)
    return Statistics(
        tokenizer=tokenizer if count_tokens else "",
        parts=tuple(
            counts[task, split, source].part(source, task, domains.get(source, "unstated"), split)
            for source in sorted({source for _, _, source in counts})
            for task in TASKS
            for split in SPLITS
            if (task, split, source) in counts
        ),
        duplicates={f"{source}/{split}": n for (source, split), t in texts.items() if (n := t.repeated)},
        leaks=_leaks({key: found.digests for key, found in texts.items()}),
    )


class _Counts:
    """What a `Part` tells, while it is counted."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.last = ""  # id of the record whose rows are coming
        self.records = self.empty = self.positives = self.characters = self.longest = 0
        self.labels: set[str] = set()
        self.batches: Counter[int] = Counter()
        self.tokens: int | None = None

    def add(self, answer: Mapping[str, Any]) -> None:
        """One row."""
        positives = sum(map(bool, answer.values()))
        self.positives += positives
        self.empty += not positives
        self.labels.update(answer)
        self.batches[len(answer)] += 1

    def add_text(self, text: str) -> None:
        """The text of a record, with its first row."""
        self.records += 1
        self.characters += len(text)
        self.longest = max(self.longest, len(text))

    def part(self, source: str, task: str, domain: str, split: str) -> Part:
        return Part(
            source=source,
            task=task,
            language=self.language,
            domain=domain,
            split=split,
            records=self.records,
            rows=self.batches.total(),
            empty=self.empty,
            labels=len(self.labels),
            asked=sum(size * rows for size, rows in self.batches.items()),
            positives=self.positives,
            batches=dict(sorted(self.batches.items())),
            characters=self.characters,
            longest=self.longest,
            tokens=self.tokens,
        )


@dataclass
class _Texts:
    """The digests of the texts of one split of a source, from the first of its tasks."""

    task: str
    found: array[int] = field(default_factory=lambda: array("Q"))

    @property
    def digests(self) -> npt.NDArray[np.uint64]:
        return np.frombuffer(self.found, np.uint64)

    @property
    def repeated(self) -> int:
        return len(self.found) - len(np.unique(self.digests))


def _files(corpus: Path) -> list[tuple[str, str, Path]]:
    """(config, split, file) for each file of a built corpus."""
    if not (corpus / "README.md").is_file():
        raise IEPileError(f"{corpus} is no built corpus (it has no README.md); run `iepile build` first.")
    configs = [f"{language}_{task.lower()}" for language in ("en", "zh") for task in TASKS]
    found = [
        (config, split, path)
        for config in configs
        for split in SPLITS
        for path in sorted((corpus / config).glob(f"{split}-*.parquet"))
    ]
    if not found:
        raise IEPileError(f"{corpus} has no rows; build it again.")
    return found


def _domains(corpus: Path) -> dict[str, str]:
    """Source → domain, as the build told where its report is still beside the corpus."""
    known = {name: source.domain for name, source in known_sources().items()}
    sources = read_report(corpus).get("summary", {}).get("sources", ())
    return known | {source["name"]: source["domain"] for source in sources}


def read_report(corpus: Path) -> dict[str, Any]:
    """The report of the build that made the corpus; empty where it is not there."""
    path = corpus.resolve().with_name(f"{corpus.resolve().name}.build") / "report.json"
    try:
        report = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


def _count(
    files: Iterable[tuple[str, str, Path]],
    counts: dict[tuple[str, str, str], _Counts],
    texts: dict[tuple[str, str], _Texts],
    count_tokens: CountTokens | None,
) -> Iterator[int]:
    """Count into `counts`, by task, split and source, and `texts`; yields the rows of each batch."""
    for _, split, path in files:
        before = 0
        for batch in pq.ParquetFile(path).iter_batches(BATCH, columns=list(COLUMNS)):
            rows = list(zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True))
            for number, row in enumerate(rows, before + 1):
                try:
                    _count_row(row, split, counts, texts)
                except (AttributeError, KeyError, TypeError, ValueError):
                    raise FormatError(f"{path}:{number}: this row is not as a build writes it; build again.") from None
            if count_tokens:
                _count_tokens(rows, split, counts, count_tokens)
            before += len(rows)
            yield len(rows)


def _count_row(
    row: tuple[str, ...],
    split: str,
    counts: dict[tuple[str, str, str], _Counts],
    texts: dict[tuple[str, str], _Texts],
) -> None:
    record, task, source, language, instruction, output = row
    found = counts.get((task, split, source))
    if found is None:
        found = counts[task, split, source] = _Counts(language)
    found.add(orjson.loads(output))
    if record != found.last:
        found.last = record
        text = orjson.loads(instruction)["input"]
        found.add_text(text)
        kept = texts.setdefault((source, split), _Texts(task))
        if kept.task == task:
            kept.found.append(text_digest(text))


def _count_tokens(
    rows: Sequence[tuple[str, ...]],
    split: str,
    counts: Mapping[tuple[str, str, str], _Counts],
    count_tokens: CountTokens,
) -> None:
    tokens = count_tokens([string for row in rows for string in row[-2:]])
    for (_, task, source, *_), asked, answered in zip(rows, tokens[::2], tokens[1::2], strict=True):
        found = counts[task, split, source]
        found.tokens = (found.tokens or 0) + asked + answered


def _leaks(digests: Mapping[tuple[str, str], npt.NDArray[np.uint64]]) -> dict[tuple[str, str], int]:
    held_out = {key: np.unique(found) for key, found in digests.items() if key[1] in HELD_OUT_SPLITS}
    if not held_out:
        return {}
    every = np.unique(np.concatenate(list(held_out.values())))
    leaks: dict[tuple[str, str], int] = {}
    for trained_on, found in digests.items():
        if trained_on in held_out:
            continue
        leaking = found[np.isin(found, every)]
        for other, texts in held_out.items():
            if number := int(np.isin(leaking, texts).sum()):
                leaks["/".join(trained_on), "/".join(other)] = number
    return leaks
