"""What a build made, in numbers: all that the dataset card and the report say of a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LANGUAGES = ("en", "zh")
MIXED_TASKS = ("ner", "re", "ee", "eet", "eea")  # `spo` and `kg` ask again what `re` asks, so no mix holds them


@dataclass(frozen=True)
class SplitSummary:
    """One split of one config."""

    files: tuple[str, ...]  # `en_re/train-00000-of-00001.parquet`, from the corpus folder
    rows: int
    num_bytes: int  # of the rows in memory, as Arrow
    download_size: int  # of the files

    def __add__(self, other: SplitSummary) -> SplitSummary:
        return SplitSummary(
            self.files + other.files,
            self.rows + other.rows,
            self.num_bytes + other.num_bytes,
            self.download_size + other.download_size,
        )


@dataclass(frozen=True)
class ConfigSummary:
    """One config that has files of its own, `en_re`; `splits` names those with rows."""

    name: str
    splits: Mapping[str, SplitSummary]


@dataclass(frozen=True)
class SourceCounts:
    """One split of one source: texts, and the rows made of them in all tasks."""

    records: int
    rows: int
    empty: int = 0  # rows whose answers are all empty


@dataclass(frozen=True)
class SourceSummary:
    """One source, as far as it went into the corpus."""

    name: str
    task: str
    language: str
    domain: str
    licence: str
    redistribute: str
    homepage: str
    citation: str
    labels: int  # in its schema
    splits: Mapping[str, SourceCounts]


@dataclass(frozen=True)
class CorpusSummary:
    """A built corpus."""

    version: str  # of iepile
    seed: int
    profile: str
    features: Mapping[str, str]  # column → dtype, in order
    configs: tuple[ConfigSummary, ...]
    sources: tuple[SourceSummary, ...]
    cleaning: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # source → rule → how many it removed
    sample: Mapping[str, str | int] = field(default_factory=dict)  # one row
    contamination: Mapping[str, Any] | None = None  # near duplicates, as `NearDuplicates.to_dict` tells of them

    @property
    def rows(self) -> int:
        """Rows in all files; a mix adds none."""
        return sum(split.rows for config in self.configs for split in config.splits.values())

    @property
    def members(self) -> dict[str, tuple[ConfigSummary, ...]]:
        """Config → the configs whose files it reads: the mixes `all`, `en` and `zh`, then each config by itself."""
        by_name = {config.name: config for config in self.configs}
        mixes = {
            language: tuple(by_name[name] for task in MIXED_TASKS if (name := f"{language}_{task}") in by_name)
            for language in LANGUAGES
        }
        mixes = {"all": tuple(config for mix in mixes.values() for config in mix), **mixes}
        own = {name: (config,) for name, config in by_name.items()}
        return {name: configs for name, configs in {**mixes, **own}.items() if any(c.splits for c in configs)}


def summary_from_dict(data: Mapping[str, Any]) -> CorpusSummary:
    """The inverse of `dataclasses.asdict`, also after a way through JSON."""

    def split(counts: Mapping[str, Any]) -> SplitSummary:
        return SplitSummary(**{**counts, "files": tuple(counts["files"])})

    def config(one: Mapping[str, Any]) -> ConfigSummary:
        return ConfigSummary(one["name"], {name: split(counts) for name, counts in one["splits"].items()})

    def source(one: Mapping[str, Any]) -> SourceSummary:
        splits = {name: SourceCounts(**counts) for name, counts in one["splits"].items()}
        return SourceSummary(**{**one, "splits": splits})

    parts = {"configs": tuple(map(config, data["configs"])), "sources": tuple(map(source, data["sources"]))}
    return CorpusSummary(**{**data, **parts})
