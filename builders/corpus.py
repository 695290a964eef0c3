"""The build: native files of many sources → a folder that `datasets` loads.

Each split of each source is one job (`shards.py`); the jobs' Parquet files are then gathered under their final names
beside a README.md card, and the folder is moved into place as a whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq

from .errors import IEPileError
from .hard_negatives import option_name, read_dictionary
from .progress import progress
from .shards import (
    ARROW_SCHEMA,
    Job,
    Options,
    Shard,
    code_digest,
    configs_of,
    digest,
    file_digest,
    find_near_duplicates,
    make_held_out,
    make_shard,
)
from .source import SPLITS, Source, get_source, load_sources
from .source_negatives import cached, source_negatives
from .summary import ConfigSummary, CorpusSummary, SourceCounts, SourceSummary, SplitSummary
from .tasks import TASKS, Option
from .unified_out import check_empty, split_path, write_schemas, write_split

LANGUAGES = ("en", "zh")
CONFIGS = tuple(f"{language}_{task.lower()}" for language in LANGUAGES for task in TASKS)
HELD_OUT_SPLITS = ("test", "zero_shot")

T = TypeVar("T")
Negatives = Mapping[str, Mapping[Option, Sequence[Option]]]  # task → option → hard negatives


@dataclass(frozen=True)
class Build:
    """What a build made, and what it went without."""

    out: Path
    work: Path  # report.json, rejected.jsonl and what a further build may use again
    summary: CorpusSummary
    shards: tuple[Shard, ...]
    absent: tuple[str, ...]  # sources of which no file is there
    incomplete: Mapping[str, tuple[str, ...]]  # source → splits whose files are not there


def build(
    raw: Path | None,
    out: Path,
    *,
    release: Path | None = None,
    unified_out: Path | None = None,
    only: Iterable[str] = (),
    configs: Iterable[str] = CONFIGS,
    options: Options | None = None,
    negatives_file: Path | None = None,
    contamination: bool = False,
    workers: int = 1,
    modules: tuple[Path, ...] = (),
) -> Build:
    """Build the corpus `out` from the native files below `raw`.

    The same files, options and code give the same bytes, whatever the number of workers. `out` is replaced as a whole
    at the end; what is set aside and the report lie in `<out>.build/` beside it.

    Args:
        raw: holds a folder for each source; with neither it nor a release, the bundled toy files are built.
        out: the corpus folder.
        release: sources in the published layout (`published.py`); they stand in for native ones of their names.
        unified_out: a new folder that gets the cleaned records in that layout.
        only: names of sources; all that are present if empty.
        configs: those to write; a config's rows do not depend on which others are written.
        options: seed, cleaning profile, strictness and the like.
        negatives_file: a hard-negative dictionary in place of the computed one.
        contamination: look for near duplicates and report them, also where `options.near` does not drop them.
        workers: processes.
        modules: Python files that define further sources.

    Raises:
        IEPileError: for missing files, unknown names, files that cannot be read, or an `out` that no build made.
    """
    options = options or Options()
    _check_replaceable(out)
    if unified_out is not None:
        check_empty(unified_out)
    if release is not None:
        if not release.is_dir():
            raise IEPileError(f"{release} is no folder; name the one that holds IE-en and IE-zh with --release.")
        modules = (*modules, release.resolve())
    folders = locate(raw, only, modules, options.profile == "published")
    work = out.with_name(f"{out.name}.build")
    work.mkdir(parents=True, exist_ok=True)
    dictionary = read_dictionary(negatives_file) if negatives_file else None
    jobs = _plan(folders, work, options, set(configs), dictionary, modules)
    held_out = [job for job in jobs if job.split in HELD_OUT_SPLITS]
    held_out = [replace(job, target=work / "held_out" / job.target.name) for job in held_out]
    _run(make_held_out, held_out, workers, "reading held-out texts")
    jobs = [_with_held_out(job, held_out) for job in jobs if job.configs]
    near = find_near_duplicates(jobs, work) if contamination or options.near else None
    if near and options.near:
        jobs = [_without_near(job, near) for job in jobs]
    shards = _run(make_shard, jobs, workers, "building")
    if unified_out is not None:
        _write_unified(unified_out, jobs, folders, workers)
    summary = _assemble(out, work, jobs, shards, folders, options, near)
    found = {source.name: tuple(source.find(folder)) for source, folder in folders.items()}
    result = Build(
        out=out,
        work=work,
        summary=summary,
        shards=tuple(shards),
        absent=() if only else tuple(name for name in load_sources(modules) if name not in found),
        incomplete={
            source.name: missing
            for source in folders
            if (missing := tuple(split for split in source.splits if split not in found[source.name]))
        },
    )
    _write_report(result, jobs)
    return result


def locate(
    raw: Path | None, only: Iterable[str] = (), modules: tuple[Path, ...] = (), published: bool = False
) -> dict[Source, Path]:
    """The sources to build and the folder of each one's files, by name.

    Raises:
        IEPileError: where `raw` is no folder, a source is unknown, one of `only` has no files, or none has.
    """
    if raw is not None and not raw.is_dir():
        raise IEPileError(f"{raw} is no folder; name the one that holds the native files with --raw.")
    named = [get_source(name, modules) for name in only]
    releases = [path for path in modules if path.is_dir()]
    found: dict[Source, Path] = {}
    for source in sorted(named or load_sources(modules).values(), key=lambda source: source.name):
        native = source.folder(raw) if raw else None if releases else source.sample
        folder = source.home or native
        if folder is not None and source.find(folder):
            found[source.at(folder, published)] = folder
        elif named and (raw or releases):
            place = raw / source.name if raw else releases[0]
            raise IEPileError(f"The files of {source.name} are not in {place}; {source.wanted}")
    if not found:
        raise IEPileError(
            f"{raw or releases[0]} holds no source's files; "
            "put each into a folder named as `iepile sources` names the source."
        )
    return found


def inspect_raw(raw: Path, configs: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """The splits that a build of these configs would have, and the digest of all that it would depend on."""
    folders = locate(raw)
    found = {source.name: source.find(folder) for source, folder in folders.items()}
    asked = [source for source in folders if set(configs_of(source)) & set(configs)]
    splits = tuple(split for split in SPLITS if any(split in found[source.name] for source in asked))
    if not splits:
        raise IEPileError(f"{raw} holds no files for {', '.join(configs)}; `iepile sources --raw {raw}` lists it.")
    # All sources count, since the held-out texts of one decide what another may keep.
    files = [(name, split, file_digest(paths)) for name, by in found.items() for split, paths in by.items()]
    return splits, digest(code_digest(), files, sorted(configs))


def _plan(
    folders: Mapping[Source, Path],
    work: Path,
    options: Options,
    configs: set[str],
    dictionary: Mapping[str, Any] | None,
    modules: tuple[Path, ...],
) -> list[Job]:
    """A job for each split that is there; its target is named by all that its rows depend on but held-out texts."""
    jobs = []
    for source, folder in folders.items():
        wanted = tuple(config for config in configs_of(source) if config in configs)
        negatives = _negatives(source, dictionary, work)
        named = {
            task: {option_name(o): list(map(option_name, n)) for o, n in m.items()} for task, m in negatives.items()
        }
        module = file_digest([path for path in modules if not path.is_dir()])
        for split, paths in source.find(folder).items():
            key = digest(code_digest(), module, asdict(options), source.name, split, file_digest(paths), wanted, named)
            jobs.append(
                Job(
                    source=source.name,
                    split=split,
                    folder=folder,
                    target=work / "shards" / f"{source.name}-{split}-{key}",
                    configs=wanted,
                    options=options,
                    negatives=negatives,
                    modules=modules,
                )
            )
    return jobs


def _negatives(source: Source, dictionary: Mapping[str, Any] | None, work: Path) -> Negatives:
    """The hard negatives of a source for each of its tasks, from the dictionary where one is given."""
    found: dict[str, Mapping[Option, Sequence[Option]]] = {}
    for config in configs_of(source):
        task = config.partition("_")[2].upper()
        if dictionary is None:
            found[task] = cached(source_negatives(source, task), work / "hard_negatives")
            continue
        by_name = {option_name(option): option for option in TASKS[task].options(source.schema)}
        given = _given(dictionary, task, source)
        found[task] = {
            by_name[label]: [by_name[other] for other in others if other in by_name]
            for label, others in given.items()
            if label in by_name
        }
    return found


def _given(dictionary: Mapping[str, Any], task: str, source: Source) -> Mapping[str, Sequence[str]]:
    """What a nested or flat dictionary says of one task and source; EET asks the labels of EE."""
    if all(not isinstance(value, Mapping) for value in dictionary.values()):
        return dictionary
    for name in (task, "EE" if task == "EET" else task):
        sources = dictionary.get(name, {})
        for key in (source.key, source.name):
            if key in sources:
                found: Mapping[str, Sequence[str]] = sources[key]
                return found
    return {}


def _with_held_out(job: Job, held_out: Sequence[Job]) -> Job:
    """The job with the texts that it may not hold; only training texts can leak."""
    if job.split != "train":
        return job
    if job.options.profile == "published":
        held_out = [other for other in held_out if other.source == job.source and other.split == "test"]
    targets = tuple(other.target for other in held_out)
    key = digest(job.target.name, [target.name for target in targets])
    return replace(job, held_out=targets, target=job.target.with_name(f"{job.source}-{job.split}-{key}"))


def _without_near(job: Job, near: Path) -> Job:
    """The job without the near duplicates that the file lists; they are none of those held out."""
    if job.split in HELD_OUT_SPLITS:
        return job
    key = digest(job.target.name, near.name)
    return replace(job, near=near, target=job.target.with_name(f"{job.source}-{job.split}-{key}"))


def _run(function: Callable[[Job], T], jobs: Sequence[Job], workers: int, what: str) -> list[T]:
    """The outcomes in the order of the jobs."""
    if workers <= 1 or len(jobs) <= 1:
        return list(progress(map(function, jobs), len(jobs), what, "splits"))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            return list(progress(pool.map(function, jobs), len(jobs), what, "splits"))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write_unified(out: Path, jobs: Sequence[Job], sources: Iterable[Source], workers: int) -> None:
    """The cleaned records in the published layout; the folder appears whole or not at all."""
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    by_name = {source.name: source for source in sources}
    jobs = [replace(job, target=part / split_path(by_name[job.source], job.split)) for job in jobs]
    _run(write_split, jobs, workers, "writing records")
    write_schemas(part, by_name.values())
    if out.exists():
        out.rmdir()
    part.rename(out)


def _assemble(
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
        splits={shard.split: SourceCounts(shard.records, sum(shard.rows.values())) for shard in shards},
    )


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


def _check_replaceable(out: Path) -> None:
    """A build replaces its folder as a whole, so the folder may hold nothing but an earlier build."""
    old = out.with_name(f"{out.name}.build") / "corpus.old"
    if old.exists() and not out.exists():
        old.rename(out)  # a build was killed between its two renames
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


def _write_report(result: Build, jobs: Sequence[Job]) -> None:
    """report.json and rejected.jsonl; and drop the shards that this build did not use."""
    with (result.work / "rejected.jsonl").open("wb") as rejected:
        for job in jobs:
            rejected.write((job.target / "rejected.jsonl").read_bytes())
    report = {
        "summary": asdict(result.summary),
        "shards": [asdict(shard) for shard in result.shards],
        "absent": result.absent,
        "incomplete": result.incomplete,
    }
    (result.work / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    used = {job.target for job in jobs} | {path for job in jobs for path in job.held_out}
    for path in _children(result.work / "shards"):
        if path not in used:
            shutil.rmtree(path)
    for path in _children(result.work / "held_out"):
        if path not in used:
            path.unlink()


def _children(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.exists() else iter(())
