"""One unit of the build: one split of one source, read, cleaned, asked about and written as Parquet.

A shard's folder is named by the digest of all that its bytes depend on, and appears whole or not at all; so a build
that was killed goes on where it stopped, and one that changes nothing does nothing.
"""

from __future__ import annotations

import json
import shutil
import uuid
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from .cleaning import Cleaner, join_by_text, text_digest
from .digests import code_digest, digest
from .errors import FormatError
from .instructions import TRAINING_SPLITS, Asking
from .near_duplicates import near_duplicates
from .records import Record, Rejected
from .source import Source, load_sources
from .tasks import TASKS, Option
from .wording import Wording

COLUMNS = ("id", "batch", "task", "source", "language", "instruction", "output")
ARROW_SCHEMA = pa.schema([(name, pa.int32() if name == "batch" else pa.string()) for name in COLUMNS])
ROW_GROUP = 10_000  # rows: about 10 MB of text, what a reader holds in memory at once
FILE_ROWS = 250_000  # rows: some 100 MB a file, the size that the Hub's viewer likes


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
    near: Path | None = None  # file of the ids of near duplicates
    negatives: Mapping[str, Mapping[Option, Sequence[Option]]] | None = None  # task → option → hard negatives
    modules: tuple[Path, ...] = ()  # of the user's own sources


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


def make_held_out(job: Job) -> Path:
    """Write the digests of all texts of the split, as a training text may not be one of them."""
    if not job.target.exists():
        source = _source(job)
        texts = (item.text for item in source.records(job.folder, job.split) if isinstance(item, Record))
        part = _part(job.target)
        part.write_bytes(array("Q", sorted({text_digest(text) for text in texts})).tobytes())
        part.replace(job.target)
    return job.target


def _part(target: Path) -> Path:
    """Where what will be `target` is made; no other worker has the same place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.part")


def find_near_duplicates(jobs: Sequence[Job], work: Path) -> Path:
    """Write the ids of the near duplicates among all splits, a line each, and the report beside it as JSON."""
    path = work / "near" / digest(code_digest(), sorted(job.target.name for job in jobs))
    if not path.exists():
        found = near_duplicates(text for job in jobs for text in _texts(job))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").write_text(json.dumps(found.to_dict(), ensure_ascii=False), encoding="utf-8")
        part = path.with_suffix(".part")
        part.write_text("\n".join(sorted(found.drop)), encoding="utf-8")
        part.rename(path)
    return path


def _texts(job: Job) -> Iterator[tuple[str, str, str, str]]:
    source = _source(job)
    for item in source.records(job.folder, job.split):
        if isinstance(item, Record):
            yield job.source, job.split, item.id, item.text


def kept_records(job: Job) -> Iterator[tuple[Source, Record]]:
    """Yield the source, and each record that stays of the split: what the rows of its shard are made of."""
    source = _source(job)
    for item in _cleaner(job).clean(_native(job, source, Counter()), job.split):
        if isinstance(item, Record):
            yield source, item


def _write(job: Job, folder: Path) -> Shard:
    source = _source(job)
    cleaner = _cleaner(job)
    askings = {config: _asking(job, source, config) for config in job.configs}
    if job.options.max_empty is not None and job.split in TRAINING_SPLITS:
        askings = _sparing(job, askings)
    writers = {
        config: _Writer(folder, config, task=asking.task.name, source=source.name, language=source.language)
        for config, asking in askings.items()
    }
    counted: Counter[str] = Counter()
    native = _native(job, source, counted)
    with (folder / "rejected.jsonl").open("wb") as rejected:
        for item in cleaner.clean(native, job.split):
            if isinstance(item, Rejected):
                counted["rejected"] += 1
                line = {"source": source.name, "split": job.split, **asdict(item)}
                rejected.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                continue
            counted["records"] += 1
            for config, asking in askings.items():
                writers[config].add(item.id, asking.rows(item, job.split))
    for writer in writers.values():
        writer.close()
    return Shard(
        source=source.name,
        split=job.split,
        read=counted["read"],
        records=counted["records"],
        removed=dict(sorted(cleaner.counts.items())),
        rejected=counted["rejected"],
        files={config: writer.files for config, writer in writers.items() if writer.rows},
        rows={config: writer.rows for config, writer in writers.items() if writer.rows},
        empty={config: writer.empty for config, writer in writers.items() if writer.rows},
        size={config: writer.size for config, writer in writers.items() if writer.rows},
        labels=len([name for name in set(source.labels.values()) if name is not None]),
    )


def _source(job: Job) -> Source:
    return load_sources(job.modules)[job.source].at(job.folder, job.options.profile == "published")


def _cleaner(job: Job) -> Cleaner:
    options = job.options
    near = frozenset(job.near.read_text("utf-8").splitlines()) if job.near else frozenset()
    return Cleaner(options.profile, _digests(job.held_out), quality=options.quality, mask=options.mask, near=near)


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


def _sparing(job: Job, askings: Mapping[str, Asking]) -> dict[str, Asking]:
    """The askings with the probability that brings their empty rows down to `max_empty` a filled one."""
    totals = {config: [0, 0] for config in askings}
    for _, record in kept_records(job):
        for config, asking in askings.items():
            filled, empty = asking.filled_and_empty(record, job.split)
            totals[config][0] += filled
            totals[config][1] += empty
    most = job.options.max_empty or 0.0
    keep = {config: min(1.0, most * filled / empty) if empty else 1.0 for config, (filled, empty) in totals.items()}
    return {config: replace(asking, keep_empty=keep[config]) for config, asking in askings.items()}


def _native(job: Job, source: Source, counted: Counter[str]) -> Iterator[Record | Rejected]:
    """The records as they are cleaned, counted as they are read."""
    items = _counted(source.records(job.folder, job.split), counted, job.options.strict)
    return join_by_text(items) if source.complementary else items


def _counted(items: Iterator[Record | Rejected], counted: Counter[str], strict: bool) -> Iterator[Record | Rejected]:
    for item in items:
        if isinstance(item, Record):
            counted["read"] += 1
        elif strict and not item.mention:
            raise FormatError(
                f"{item.origin}: {item.reason}; mend the record, or build without --strict to set it aside."
            )
        yield item


def _digests(paths: Sequence[Path]) -> frozenset[int]:
    digests: set[int] = set()
    for path in paths:
        found = array("Q")
        found.frombytes(path.read_bytes())
        digests.update(found)
    return frozenset(digests)


class _Writer:
    """Rows of one config into Parquet files of bounded size, one row group in memory at a time."""

    def __init__(self, folder: Path, config: str, **constants: str) -> None:
        self._folder, self._config, self._constants = folder, config, constants
        self._rows: dict[str, list[Any]] = {"id": [], "batch": [], "instruction": [], "output": []}
        self._open: pq.ParquetWriter | None = None
        self.files: list[str] = []
        self.rows = self.size = self.empty = 0

    def add(self, record_id: str, rows: Iterable[tuple[int, str, str]]) -> None:
        """Take the rows of one record; its batches may end up in two row groups."""
        ids, batches, instructions, outputs = self._rows.values()
        for batch, instruction, output in rows:
            ids.append(record_id)
            batches.append(batch)
            instructions.append(instruction)
            outputs.append(output)
            self.empty += not any(orjson.loads(output).values())
            if len(ids) == ROW_GROUP:
                self._flush()

    def _flush(self) -> None:
        count = len(self._rows["id"])
        columns = {name: pa.array(values, ARROW_SCHEMA.field(name).type) for name, values in self._rows.items()}
        columns |= {name: pa.repeat(value, count) for name, value in self._constants.items()}
        table = pa.table([columns[name] for name in COLUMNS], schema=ARROW_SCHEMA)
        if self._open is None:
            self.files.append(f"{self._config}-{len(self.files):03}.parquet")
            self._open = pq.ParquetWriter(
                self._folder / self.files[-1],
                ARROW_SCHEMA,
                compression="zstd",
                use_dictionary=["task", "source", "language"],
            )
        self._open.write_table(table, row_group_size=ROW_GROUP)
        self.rows += count
        self.size += table.nbytes
        for values in self._rows.values():
            values.clear()
        if self.rows % FILE_ROWS == 0:
            self._open.close()
            self._open = None

    def close(self) -> None:
        if self._rows["id"]:
            self._flush()
        if self._open is not None:
            self._open.close()
