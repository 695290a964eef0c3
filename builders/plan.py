"""What a build has to do: which sources are there, and a job for each of their splits.

A job's target is named by the digest of all that its rows depend on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from .digests import code_digest, digest, file_digest, file_size
from .errors import IEPileError
from .hard_negatives import option_name
from .shards import Job, Options, configs_of
from .source import HELD_OUT_SPLITS, SPLITS, Source, get_source, load_sources
from .source_negatives import cached, source_negatives
from .tasks import TASKS, Option

Negatives = Mapping[str, Mapping[Option, Sequence[Option]]]  # task → option → hard negatives


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


def plan(
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
                    size=file_size(paths),
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


def with_held_out(job: Job, held_out: Sequence[Job]) -> Job:
    """The job with the texts that it may not hold; only training texts can leak."""
    if job.split != "train":
        return job
    if job.options.profile == "published":
        held_out = [other for other in held_out if other.source == job.source and other.split == "test"]
    texts = tuple(other.texts for other in held_out if other.texts is not None)
    key = digest(job.target.name, [path.name for path in texts])
    return replace(job, held_out=texts, target=job.target.with_name(f"{job.source}-{job.split}-{key}"))


def without_near(job: Job, near: Path) -> Job:
    """The job without the near duplicates that the file lists; they are none of those held out."""
    if job.split in HELD_OUT_SPLITS:
        return job
    key = digest(job.target.name, near.name)
    return replace(job, near=near, target=job.target.with_name(f"{job.source}-{job.split}-{key}"))
