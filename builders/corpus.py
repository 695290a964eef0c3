"""The build: native files of many sources → a folder that `datasets` loads.

Each split of each source is one job (`plan.py`), done where the engine does it (`shards.py`, `engine.py`); what the
jobs made is then put together (`assemble.py`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .assemble import CONFIGS, assemble, check_replaceable, restore
from .digests import code_digest
from .engine import Engine, local_engine
from .errors import IEPileError
from .hard_negatives import read_dictionary
from .plan import locate, plan, with_held_out, without_near
from .ray_engine import ray_engine
from .remote import Remote, is_remote, publish
from .shards import Job, Options, Shard, find_near_duplicates, make_held_out, make_shard
from .source import HELD_OUT_SPLITS, SAMPLES, Source, load_sources
from .source_negatives import override_of
from .summary import CorpusSummary, summary_from_dict
from .unified_out import check_empty, split_path, write_schemas, write_split
from .work import Request, locked

CARDS = Path(__file__).parent.parent / "cards"


@dataclass(frozen=True)
class Build:
    """What a build made, and what it went without."""

    out: Path  # of this machine; what is to be at an address is written from it
    work: Path  # report.json, rejected.jsonl and what a further build may use again
    summary: CorpusSummary
    shards: tuple[Shard, ...]
    absent: tuple[str, ...]  # sources of which no file is there
    incomplete: Mapping[str, tuple[str, ...]]  # source → splits whose files are not there


def build(
    raw: Path | None,
    out: Path | str,
    *,
    release: Path | None = None,
    unified_out: Path | None = None,
    only: Iterable[str] = (),
    configs: Iterable[str] = CONFIGS,
    options: Options | None = None,
    negatives_file: Path | None = None,
    contamination: bool = False,
    workers: int = 1,
    ray_address: str | None = None,
    modules: tuple[Path, ...] = (),
) -> Build:
    """Build the corpus `out` from the native files below `raw`.

    The same files, options and code give the same bytes, whatever the number of workers. `out` is replaced as a whole
    at the end; what is set aside and the report lie in `<out>.build/` beside it. A build that was killed goes on where
    it stopped, and one that would change nothing does nothing.

    Args:
        raw: holds a folder for each source; with neither it nor a release, the bundled toy files are built.
        out: the corpus folder; or an address that fsspec knows, as `s3://bucket/iepile`, whose corpus is put together
            in `iepile.build/` of the working folder.
        release: sources in the published layout (`published.py`); they stand in for native ones of their names.
        unified_out: a new folder that gets the cleaned records in that layout.
        only: names of sources; all that are present if empty.
        configs: those to write; a config's rows do not depend on which others are written.
        options: seed, cleaning profile, strictness and the like.
        negatives_file: a hard-negative dictionary in place of the computed one.
        contamination: look for near duplicates and report them, also where `options.near` does not drop them.
        workers: processes.
        ray_address: do the work on the Ray cluster there, in place of processes; on one of this machine if empty.
        modules: Python files that define further sources.

    Raises:
        IEPileError: for missing files, unknown names, files that cannot be read, an `out` that no build made, or
            another build of it that is under way.
    """
    from .. import __version__

    only, configs, options = tuple(only), tuple(configs), options or Options()
    remote = Remote(str(out)) if is_remote(str(out)) else None
    if remote is not None:
        remote.check_replaceable(CONFIGS)
    out = Path(f"{remote.name}.build", "corpus") if remote else Path(str(out).removeprefix("file://"))
    work = out.parent if remote else out.with_name(f"{out.name}.build")
    check_replaceable(out)
    if unified_out is not None:
        check_empty(unified_out)
    if release is not None:
        if not release.is_dir():
            raise IEPileError(f"{release} is no folder; name the one that holds IE-en and IE-zh with --release.")
        modules = (*modules, release.resolve())
    read = [raw or SAMPLES, *modules, *map(override_of, modules), *filter(None, [negatives_file]), CARDS]
    with locked(work, out):
        restore(out, work)
        request = Request(
            read, __version__, code_digest(), asdict(options), sorted(only), sorted(configs), contamination
        )
        report = request.answered(work, out) if unified_out is None else None
        if report:
            made = _reported(report, out, work)
        else:
            folders = locate(raw, only, modules, options.profile == "published")
            dictionary = read_dictionary(negatives_file) if negatives_file else None
            jobs = plan(folders, work, options, set(configs), dictionary, modules)
            with _engine(workers, ray_address, work) as engine:
                jobs = _with_texts_to_avoid(jobs, work, engine)
                near = find_near_duplicates(jobs, work) if contamination or options.near else None
                if near and options.near:
                    jobs = [without_near(job, near) for job in jobs]
                shards = engine.run(make_shard, jobs, "building")
            if unified_out is not None:
                _write_unified(unified_out, jobs, folders, workers)
            found = {source.name: tuple(source.find(folder)) for source, folder in folders.items()}
            made = Build(
                out=out,
                work=work,
                summary=assemble(out, work, jobs, shards, folders, options, near),
                shards=tuple(shards),
                absent=() if only else tuple(name for name in load_sources(modules) if name not in found),
                incomplete={
                    source.name: missing
                    for source in folders
                    if (missing := tuple(split for split in source.splits if split not in found[source.name]))
                },
            )
            _write_report(made, jobs)
            request.remember(work, out)
        if remote is not None:
            beside = Remote(f"{remote.address}.build")
            for name in ("report.json", "rejected.jsonl"):
                beside.write(name, (work / name).read_bytes())
            publish(out, remote, work / "remote.json")
        return made


def _engine(workers: int, ray_address: str | None, work: Path) -> AbstractContextManager[Engine]:
    return local_engine(workers) if ray_address is None else ray_engine(ray_address, workers, work)


def _with_texts_to_avoid(jobs: Sequence[Job], work: Path, engine: Engine) -> list[Job]:
    """The jobs that make rows, those of training splits with the texts of all splits that are held out."""
    jobs = [replace(j, texts=work / "held_out" / j.target.name) if j.split in HELD_OUT_SPLITS else j for j in jobs]
    held_out = [job for job in jobs if job.texts is not None]
    engine.run(make_held_out, held_out, "building what is held out")
    return [with_held_out(job, held_out) for job in jobs if job.configs]


def _write_unified(out: Path, jobs: Sequence[Job], sources: Iterable[Source], workers: int) -> None:
    """The cleaned records in the published layout; the folder appears whole or not at all."""
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    by_name = {source.name: source for source in sources}
    jobs = [replace(job, target=part / split_path(by_name[job.source], job.split)) for job in jobs]
    with local_engine(workers) as engine:
        engine.run(write_split, jobs, "writing records")
    write_schemas(part, by_name.values())
    if out.exists():
        out.rmdir()
    part.rename(out)


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
    used = {job.target for job in jobs} | {path for job in jobs for path in (*job.held_out, job.texts)}
    for path in _children(result.work / "shards"):
        if path not in used:
            shutil.rmtree(path)
    for path in _children(result.work / "held_out"):
        if path not in used:
            path.unlink()


def _reported(report: Mapping[str, Any], out: Path, work: Path) -> Build:
    """The build that wrote the report."""
    return Build(
        out=out,
        work=work,
        summary=summary_from_dict(report["summary"]),
        shards=tuple(Shard(**shard) for shard in report["shards"]),
        absent=tuple(report["absent"]),
        incomplete={source: tuple(splits) for source, splits in report["incomplete"].items()},
    )


def _children(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.exists() else iter(())
