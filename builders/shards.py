"""One unit of the build: one split of one source, read, cleaned, asked about and written as Parquet.

A shard's folder is named by the digest of all that its bytes depend on, and appears whole or not at all; so a build
that was killed goes on where it stopped, and one that changes nothing does nothing.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .cleaning import text_digest
from .digests import code_digest, digest
from .instructions import TRAINING_SPLITS, Asking
from .near_duplicates import near_duplicates
from .reading import Reading, texts_of
from .records import Record
from .row_files import RowWriter
from .seen import write_digests
from .source import Source
from .tasks import TASKS, Option
from .wording import Wording

STRETCH = 1_000  # records that are worked on at once
STRETCH_LETTERS = 1_000_000


@dataclass(frozen=True)
class Options:
    """What a build's rows depend on beside its sources."""

    seed: int = 42
    profile: str = "default"  # or "published"
    strict: bool = False
    negatives: str = "hard"  # or "random" or "all", for comparison
    split_num: int = 0  # options in a batch at most, in place of the task's own; below 0 for the whole schema
    max_empty: float | None = None  # training rows whose answers are all empty, for each other row
    quality: bool = False  # whether poor texts to train on go
    mask: bool = False  # whether personal data are masked
    near: bool = False  # whether near duplicates go
    wording: Wording = field(default_factory=Wording)  # of the labels


@dataclass(frozen=True)
class Job:
    """One split of one source; plain data, so that it travels to a worker."""

    source: str
    split: str
    folder: Path  # of the native files
    target: Path  # where the shard appears
    configs: tuple[str, ...]
    options: Options
    size: int = 0  # bytes of its native files, or about: the work that it is
    held_out: tuple[Path, ...] = ()  # files of text digests
    texts: Path | None = None  # where the digests of its texts go, if they are held out from others
    near: Path | None = None  # file of the ids of near duplicates
    negatives: Mapping[str, Mapping[Option, Sequence[Option]]] | None = None  # task → option → hard negatives
    modules: tuple[Path, ...] = ()  # of the user's own sources

    @property
    def is_done(self) -> bool:
        """Whether all that it makes is there."""
        made = not self.configs or (self.target / "shard.json").exists()
        return made and (self.texts is None or self.texts.exists())

    def moved(self, old: Path, new: Path) -> Job:
        """The same job, all that it makes and that earlier jobs made below `new` in place of `old`."""

        def move(path: Path) -> Path:
            return new / path.relative_to(old)

        return replace(
            self,
            target=move(self.target),
            held_out=tuple(map(move, self.held_out)),
            texts=self.texts and move(self.texts),
            near=self.near and move(self.near),
        )


@dataclass(frozen=True)
class Shard:
    """What a shard holds, as its `shard.json` says."""

    source: str
    split: str
    read: int  # records in the native files, without the rejected ones
    records: int  # records kept
    removed: Mapping[str, int]  # rule → how often
    rejected: int  # lines of rejected.jsonl
    files: Mapping[str, Sequence[str]]  # config → Parquet files in the shard's folder
    rows: Mapping[str, int]  # config → rows
    empty: Mapping[str, int]  # config → rows whose answers are all empty
    size: Mapping[str, int]  # config → bytes in memory
    labels: int


def configs_of(source: Source) -> tuple[str, ...]:
    """The configs that a source's records make rows for."""
    roleless = source.roles and not any(source.roles.values())  # as the published schemas for EET are
    tasks = {
        "NER": ("NER",),
        "RE": ("RE", "SPO") if source.triples else ("RE",),
        "EE": ("EET",) if roleless else ("EE", "EET", "EEA"),
    }
    asked = (*tasks[source.task], *(("KG",) if source.attributes else ()))
    return tuple(f"{source.language}_{task.lower()}" for task in asked)


def make_shard(job: Job) -> Shard:
    """Do the job, unless it is done; returns what the shard holds.

    Raises:
        FormatError: with `strict`, at the first malformed record; else only where a file cannot be read at all.
    """
    done = job.target / "shard.json"
    if not done.exists():
        folder = _part(job.target)
        folder.mkdir()
        shard = _write(job, folder)
        (folder / "shard.json").write_text(json.dumps(asdict(shard), ensure_ascii=False), encoding="utf-8")
        try:
            folder.rename(job.target)
        except OSError:  # where another worker, whose build was killed, has just made it
            if not done.exists():
                raise
            shutil.rmtree(folder)
    return Shard(**json.loads(done.read_text(encoding="utf-8")))


def make_held_out(job: Job) -> None:
    """Do the job, if it makes rows; and write the digests of all its texts, which no training split may hold."""
    if job.configs:
        make_shard(job)
    if job.texts is not None and not job.texts.exists():
        _write_texts(job.texts, (text_digest(text) for *_, text in texts_of(job)))


def find_near_duplicates(jobs: Sequence[Job], work: Path) -> Path:
    """Write the ids of the near duplicates among all splits, a line each, and the report beside it as JSON."""
    path = work / "near" / digest(code_digest(), sorted(job.target.name for job in jobs))
    if not path.exists():
        found = near_duplicates(text for job in jobs for text in texts_of(job))
        part = _part(path)
        path.with_suffix(".json").write_text(json.dumps(found.to_dict(), ensure_ascii=False), encoding="utf-8")
        part.write_text("\n".join(sorted(found.drop)), encoding="utf-8")
        part.rename(path)
    return path


def _write(job: Job, folder: Path) -> Shard:
    reading = Reading(job, folder / "rejected.jsonl")
    askings = _askings(job, reading.source)
    writers = {
        config: RowWriter(folder, config, task=asking.task.name, source=job.source, language=asking.language)
        for config, asking in askings.items()
    }
    for records in _stretches(reading):
        for config, asking in askings.items():
            writers[config].add(asking.table(records, job.split))
    made = {config: rows for config, writer in writers.items() if (rows := writer.close()).count}
    if job.texts is not None and not job.texts.exists():
        _write_texts(job.texts, reading.texts)
    return Shard(
        source=job.source,
        split=job.split,
        read=reading.counts["read"],
        records=reading.counts["kept"],
        removed=reading.removed,
        rejected=reading.counts["rejected"],
        files={config: rows.files for config, rows in made.items()},
        rows={config: rows.count for config, rows in made.items()},
        empty={config: rows.empty for config, rows in made.items()},
        size={config: rows.size for config, rows in made.items()},
        labels=len(reading.source.label_names),
    )


def _stretches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """As many records as are worked on at once: enough to be quick, not so many that their rows fill the memory."""
    some: list[Record] = []
    letters = 0
    for record in records:
        some.append(record)
        letters += len(record.text)
        if len(some) == STRETCH or letters > STRETCH_LETTERS:
            yield some
            some, letters = [], 0
    if some:
        yield some


def _askings(job: Job, source: Source) -> dict[str, Asking]:
    """Config → how it asks."""
    askings = {config: _asking(job, source, config) for config in job.configs}
    if job.options.max_empty is None or job.split not in TRAINING_SPLITS:
        return askings
    filled, empty = Counter[str](), Counter[str]()
    for records in _stretches(Reading(job)):
        for config, asking in askings.items():
            counts = asking.filled_and_empty(records, job.split)
            filled[config] += counts[0]
            empty[config] += counts[1]
    # The probability that brings their empty rows down to `max_empty` a filled one.
    keep = {config: min(1.0, job.options.max_empty * filled[config] / max(1, empty[config])) for config in askings}
    return {config: replace(asking, keep_empty=keep[config]) for config, asking in askings.items()}


def _asking(job: Job, source: Source, config: str) -> Asking:
    task = TASKS[config.partition("_")[2].upper()]
    return Asking(
        task=task,
        schema=source.schema,
        language=source.language,
        negatives=(job.negatives or {}).get(task.name, {}),
        seed=job.options.seed,
        published=job.options.profile == "published",
        negatives_kind=job.options.negatives,
        split_num=job.options.split_num,
        wording=job.options.wording.of(source),
    )


def _write_texts(target: Path, digests: Iterable[int]) -> None:
    part = _part(target)
    write_digests(digests, part)
    part.replace(target)


def _part(target: Path) -> Path:
    """Where what will be `target` is made; no other worker has the same place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.part")
