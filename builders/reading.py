"""The records of a split that stay after cleaning, as they are read, and what is told of the others."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from .cleaning import Cleaner, join_by_text, text_digest
from .errors import FormatError
from .records import Record, Rejected
from .seen import Digests
from .source import Source, load_sources

if TYPE_CHECKING:
    from .shards import Job


class Reading:
    """Iterates over the records of a job that stay; once.

    Attributes:
        source: that of the job, with the labels that its files decide.
        counts: how many records were `read`, how many `kept`, and how many lines of rejected.jsonl were written.
        removed: rule → how often it applied.
        texts: the digests of all texts that were read, kept or not, where the job is to tell them.
    """

    def __init__(self, job: Job, rejected: Path | None = None) -> None:
        """Begin. `rejected` is the file for what does not stay, a JSON line each."""
        self.source = source_of(job)
        self.counts: Counter[str] = Counter()
        self.texts = array("Q")
        self._job, self._rejected, self._cleaner = job, rejected, _cleaner(job)

    @property
    def removed(self) -> dict[str, int]:
        return dict(sorted(self._cleaner.counts.items()))

    def __iter__(self) -> Iterator[Record]:
        items = join_by_text(self._native()) if self.source.complementary else self._native()
        with (self._rejected or Path(os.devnull)).open("wb") as rejected:
            for item in self._cleaner.clean(items, self._job.split):
                if isinstance(item, Record):
                    self.counts["kept"] += 1
                    yield item
                else:
                    self.counts["rejected"] += 1
                    line = {"source": self.source.name, "split": self._job.split, **asdict(item)}
                    rejected.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _native(self) -> Iterator[Record | Rejected]:
        """The records as they are cleaned, counted as they are read."""
        tell = self._job.texts is not None
        for item in self.source.records(self._job.folder, self._job.split):
            if isinstance(item, Record):
                self.counts["read"] += 1
                if tell:
                    self.texts.append(text_digest(item.text))
            elif self._job.options.strict and not item.mention:
                raise FormatError(
                    f"{item.origin}: {item.reason}; mend the record, or build without --strict to set it aside."
                )
            yield item


def source_of(job: Job) -> Source:
    """The job's source, with the labels that its files decide."""
    return load_sources(job.modules)[job.source].at(job.folder, job.options.profile == "published")


def texts_of(job: Job) -> Iterator[tuple[str, str, str, str]]:
    """Yield (source, split, id, text) of each record of the split, before any is cleaned away."""
    for item in source_of(job).records(job.folder, job.split):
        if isinstance(item, Record):
            yield job.source, job.split, item.id, item.text


def _cleaner(job: Job) -> Cleaner:
    options = job.options
    near = frozenset(job.near.read_text("utf-8").splitlines()) if job.near else frozenset()
    return Cleaner(options.profile, Digests(job.held_out), quality=options.quality, mask=options.mask, near=near)
