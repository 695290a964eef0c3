"""The end of a build: the shards' files under their final names beside a card, and the folder moved into place."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from .errors import IEPileError
from .row_files import ARROW_SCHEMA
from .shards import Job, Options, Shard
from .source import SPLITS, Source
from .summary import ConfigSummary, CorpusSummary, SourceCounts, SourceSummary, SplitSummary
from .tasks import TASKS

LANGUAGES = ("en", "zh")
CONFIGS = tuple(f"{language}_{task.lower()}" for language in LANGUAGES for task in TASKS)


def assemble(
    out: Path,
    work: Path,
    jobs: Sequence[Job],
    shards: Sequence[Shard],
    folders: Iterable[Source],
    options: Options,
    near: Path | None,
) -> CorpusSummary:
    """Gather the shards' files under their final names, write the card, move the folder into place."""
    from .. import __version__
    from ..cards.render import render_dataset_card

    part = work / "corpus.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    made = list(zip(jobs, shards, strict=True))
    configs = tuple(
        ConfigSummary(config, {split: _gather(part, config, split, made) for split in splits})
        for config in CONFIGS
        if (splits := [s for s in SPLITS if any(j.split == s and config in shard.files for j, shard in made)])
    )
    summary = CorpusSummary(
        version=__version__,
        seed=options.seed,
        profile=options.profile,
        features={field.name: str(field.type) for field in ARROW_SCHEMA},
        configs=configs,
        sources=tuple(_summary(source, [s for s in shards if s.source == source.name]) for source in folders),
        cleaning=_cleaning(shards),
        sample=_first_row(part, configs),
        contamination=json.loads(near.with_suffix(".json").read_text("utf-8")) if near else None,
    )
    (part / "README.md").write_text(render_dataset_card(summary), encoding="utf-8")
    _move(part, out, work)
    return summary


def _gather(part: Path, config: str, split: str, made: Sequence[tuple[Job, Shard]]) -> SplitSummary:
    """Put the files of one split of one config, in the order of their sources, under their final names."""
    paths = [job.target / name for job, shard in made if job.split == split for name in shard.files.get(config, ())]
    (part / config).mkdir(exist_ok=True)
    names = [f"{config}/{split}-{number:05}-of-{len(paths):05}.parquet" for number in range(len(paths))]
    for path, name in zip(paths, names, strict=True):
        _link(path, part / name)
    shards = [shard for job, shard in made if job.split == split]
    return SplitSummary(
        files=tuple(names),
        rows=sum(shard.rows.get(config, 0) for shard in shards),
        num_bytes=sum(shard.size.get(config, 0) for shard in shards),
        download_size=sum(path.stat().st_size for path in paths),
    )


def _link(path: Path, target: Path) -> None:
    """A second name for the file: nothing writes to a Parquet file in place; a copy where links are refused."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)


def _summary(source: Source, shards: Sequence[Shard]) -> SourceSummary:
    return SourceSummary(
        name=source.name,
        task=source.task,
        language=source.language,
        domain=source.domain,
        licence=source.licence,
        redistribute=source.redistribute,
        homepage=source.homepage,
        citation=source.citation,
        labels=shards[0].labels if shards else 0,
        splits={shard.split: _counts(shard) for shard in shards},
    )


def _counts(shard: Shard) -> SourceCounts:
    return SourceCounts(shard.records, sum(shard.rows.values()), sum(shard.empty.values()))


def _cleaning(shards: Sequence[Shard]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for shard in shards:
        rules = counts.setdefault(shard.source, {})
        for rule, number in shard.removed.items():
            rules[rule] = rules.get(rule, 0) + number
    return {source: rules for source, rules in counts.items() if rules}


def _first_row(part: Path, configs: Sequence[ConfigSummary]) -> dict[str, str | int]:
    for config in configs:
        for split in config.splits.values():
            rows: list[dict[str, str | int]] = next(pq.ParquetFile(part / split.files[0]).iter_batches(1)).to_pylist()
            return rows[0]
    return {}


def check_replaceable(out: Path) -> None:
    """A build replaces its folder as a whole, so the folder may hold nothing but an earlier build.

    Raises:
        IEPileError: where it holds something else.
    """
    if out.exists() and not out.is_dir():
        raise IEPileError(f"{out} is a file; name a folder with --out.")
    for path in out.iterdir() if out.exists() else ():
        if path.name != "README.md" and path.name not in CONFIGS:
            raise IEPileError(f"{path} was not made by a build; move it away, or name another folder with --out.")


def _move(part: Path, out: Path, work: Path) -> None:
    """Put the new corpus in place of the old one; whatever happens, one of them is whole."""
    old = work / "corpus.old"
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    part.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def restore(out: Path, work: Path) -> None:
    """Undo what a killed build left half done."""
    if (old := work / "corpus.old").exists() and not out.exists():
        old.rename(out)  # it was killed between its two renames
    for part in (*work.glob("shards/*.part"), *work.glob("held_out/*.part")):
        shutil.rmtree(part) if part.is_dir() else part.unlink()
