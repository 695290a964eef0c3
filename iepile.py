"""IEPile: make, load, train on, measure, release and demo information-extraction instruction corpora.

Three things in one file. Imported, it is the package: `iepile.load("en_re", split="train")`, `iepile.IEPile`. Given to
datasets 2.16 to 3.x, it is a loading script: `load_dataset("iepile.py", "en_re", data_dir="iepile",
trust_remote_code=True)`. Its `main` is the command line, a few lines a command; the work is done in the folders.
"""

# datasets copies a loading script into its cache and looks for the modules that its first column imports, so only the
# standard library is imported there; the rest is imported where it is used, which also keeps `iepile --help` quick.
import importlib
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

__version__ = "0.1.0"
__all__ = ["IEPile", "IEPileConfig", "Extractor", "load", "main"]  # noqa: F822 - made when asked for

# In the checkout the folders lie beside this file, in the wheel beside this file as `__init__.py`.
__path__ = [str(Path(__file__).parent)]

LANGUAGES = ("en", "zh")
MIXED_TASKS = ("ner", "re", "ee", "eet", "eea")  # `spo` and `kg` ask again what `re` asks, so no mix holds them
MIXES = {
    "all": tuple(f"{language}_{task}" for language in LANGUAGES for task in MIXED_TASKS),
    **{language: tuple(f"{language}_{task}" for task in MIXED_TASKS) for language in LANGUAGES},
}
CONFIGS = (*MIXES, *(f"{language}_{task}" for language in LANGUAGES for task in (*MIXED_TASKS, "spo", "kg")))
SPLITS = ("train", "validation", "test", "zero_shot")


def load(
    config: str = "all",
    split: str | None = None,
    *,
    data_dir: str | Path = "iepile",
    sources: list[str] | None = None,
    domains: list[str] | None = None,
    streaming: bool = False,
    cache_dir: str | None = None,
) -> Any:
    """Load a config of a built corpus, or generate it from a raw folder.

    Args:
        config: `en_re` and its kin, a language, or `all`.
        split: train, validation, test or zero_shot; all that have rows if None.
        data_dir: a built corpus, read as it is, or a folder of native files.
        sources: keep only rows of these sources.
        domains: keep only rows of sources of these domains.
        streaming: read rows as they are asked for.
        cache_dir: in place of the one of `datasets`.

    Returns:
        A `Dataset` (or a `DatasetDict` without `split`) with the columns id, batch, task, source, language,
        instruction and output; with `streaming` their iterable kin.

    Raises:
        IEPileError: for an unknown config, split, source or domain, or a folder that is neither.
    """
    chosen = _sources_of(sources, domains)
    builder = _builder_classes()[1](
        config_name=_known("config", config, CONFIGS), data_dir=str(data_dir), sources=chosen, cache_dir=cache_dir
    )
    if split is not None and split.partition("[")[0] not in builder.found:
        _known("split", split.partition("[")[0], SPLITS)
        raise _error(f"{data_dir} has no {split} rows of {config}; it has {', '.join(builder.found) or 'none'}.")
    if streaming:
        return builder.as_streaming_dataset(split=split)
    builder.download_and_prepare()
    return builder.as_dataset(split=split)


def _sources_of(sources: list[str] | None, domains: list[str] | None) -> tuple[str, ...] | None:
    """The names of the sources that both filters let pass; None for all."""
    if sources is None and domains is None:
        return None
    known = _module("builders.source").known_sources()
    for name in sources or ():
        _known("source", name, known)
    every = {source.domain for source in known.values()}
    for domain in domains or ():
        _known("domain", domain, every)
    return tuple(
        name
        for name, source in known.items()
        if (sources is None or name in sources) and (domains is None or source.domain in domains)
    )


def _module(name: str) -> Any:
    """A module of the package. A loading script's neighbours are not there: then it is the installed package's."""
    try:
        return importlib.import_module(f"iepile.{name}")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("iepile"):
            raise
        raise _error("This needs the package: run `pip install iepile`; a built corpus loads without it.") from None


def _error(message: str) -> Exception:
    try:
        made: Exception = importlib.import_module("iepile.builders.errors").IEPileError(message)
    except ModuleNotFoundError:
        made = ValueError(message)
    return made


def _known(what: str, name: str, names: Any) -> str:
    """The name, if it is one of the names."""
    if name not in names:
        raise _error(f"There is no {what} {name!r}; there are: {', '.join(sorted(names))}.")
    return name


@cache
def _builder_classes() -> tuple[Any, Any]:
    """(IEPileConfig, IEPile). Made when first asked for, since `datasets` takes a second to import."""
    import datasets
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    class IEPileConfig(datasets.BuilderConfig):
        """One config; `sources` keeps only rows of these sources."""

        def __init__(self, *, sources: tuple[str, ...] | None = None, **kwargs: Any) -> None:
            super().__init__(version=datasets.Version(__version__), **kwargs)
            self.sources = sources

    class IEPile(datasets.ArrowBasedBuilder):
        """Reads a built corpus, or builds the asked config from native files.

        Its `hash`, by which `datasets` names its cache, digests what is read: a rebuild is never served stale.
        """

        VERSION = datasets.Version(__version__)
        BUILDER_CONFIG_CLASS = IEPileConfig
        BUILDER_CONFIGS = [IEPileConfig(name=name) for name in CONFIGS]
        DEFAULT_CONFIG_NAME = "all"

        def __init__(self, *args: Any, data_dir: str | None = None, **kwargs: Any) -> None:
            kwargs["config_name"] = _known("config", kwargs.get("config_name") or "all", CONFIGS)
            self._folder = Path(data_dir or "iepile")
            self.found, kwargs["hash"] = _inspect(self._folder, kwargs["config_name"])
            super().__init__(*args, data_dir=data_dir, **kwargs)

        def _info(self) -> Any:
            string = datasets.Value("string")
            columns = ("id", "batch", "task", "source", "language", "instruction", "output")
            return datasets.DatasetInfo(
                description="Instructions for schema-based information extraction, English and Chinese.",
                homepage="https://arxiv.org/abs/2402.14710",
                features=datasets.Features({c: datasets.Value("int32") if c == "batch" else string for c in columns}),
            )

        def _split_generators(self, dl_manager: Any) -> list[Any]:
            files = self.found
            if not _is_corpus(self._folder):
                target = Path(self._cache_dir_root) / "iepile-built" / self.hash / "iepile"
                _module("builders.corpus").build(self._folder, target, configs=_members(self.config.name))
                files = _files(target, self.config.name)
            return [
                datasets.SplitGenerator(name=split, gen_kwargs={"files": [str(path) for path in paths]})
                for split, paths in files.items()
            ]

        def _generate_tables(self, files: list[str]) -> Any:
            for number, path in enumerate(files):
                parquet = pq.ParquetFile(path)
                for group in range(parquet.num_row_groups):
                    table = parquet.read_row_group(group)
                    if self.config.sources is not None:
                        kept = pc.is_in(table["source"], value_set=_strings(self.config.sources))
                        table = table.filter(kept)
                    yield f"{number}_{group}", table

    IEPileConfig.__qualname__, IEPile.__qualname__ = "IEPileConfig", "IEPile"  # as if they stood in the module
    return IEPileConfig, IEPile


def _strings(values: tuple[str, ...]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())


def _members(config: str) -> tuple[str, ...]:
    """The configs whose files a config reads."""
    return MIXES.get(config, (config,))


def _is_corpus(folder: Path) -> bool:
    return any(next((folder / config).glob("*.parquet"), None) for config in CONFIGS)


def _files(folder: Path, config: str) -> dict[str, list[Path]]:
    """Split → Parquet files of a built corpus, without splits that have none."""
    found = {
        split: [path for member in _members(config) for path in sorted((folder / member).glob(f"{split}-*.parquet"))]
        for split in SPLITS
    }
    return {split: paths for split, paths in found.items() if paths}


def _is_whole(path: Path) -> bool:
    """Whether all files of a split are there: `train-00000-of-00002.parquet` says how many they are."""
    split, _, count = path.stem.replace("-of-", "-").split("-")
    return len(list(path.parent.glob(f"{split}-*-of-{count}.parquet"))) == int(count)


def _inspect(folder: Path, config: str) -> tuple[dict[str, list[Path]], str]:
    """The splits to expect, with their files where the corpus is built; and the digest of what will be read."""
    if not folder.is_dir():
        raise _error(f"{folder} is no folder; build a corpus there with `iepile build`, or name another as data_dir.")
    if not _is_corpus(folder):
        splits, digest = _module("builders.plan").inspect_raw(folder, _members(config))
        return {split: [] for split in splits}, digest
    if script := next(folder.glob("*.py"), None):
        raise _error(f"{script} is a script in a corpus, with which datasets refuses to load it; move it away.")
    found = _files(folder, config)
    half = next((path for paths in found.values() for path in paths if not _is_whole(path)), None)
    if half or not (folder / "README.md").exists():
        raise _error(f"{folder} lacks {'files beside ' + half.name if half else 'README.md'}; build the corpus again.")
    if not found:
        raise _error(f"{folder} has no {config}; it has: {', '.join(c for c in CONFIGS if _files(folder, c))}.")
    state = blake2b(repr((config, __version__)).encode(), digest_size=16)
    for paths in found.values():
        for path in paths:
            state.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            with path.open("rb") as data:
                while block := data.read(1 << 20):
                    state.update(block)
    return found, state.hexdigest()


def __getattr__(name: str) -> Any:
    if name in ("IEPile", "IEPileConfig"):
        return _builder_classes()[name == "IEPile"]
    if name == "Extractor":
        return importlib.import_module("iepile.extraction.extractor").Extractor
    raise AttributeError(f"module 'iepile' has no attribute {name!r}")


if __name__.startswith("datasets_modules"):  # datasets looks for the builder among a script's own names
    IEPileConfig, IEPile = _builder_classes()


def main() -> None:
    """The command line: `iepile --help`. Each folder defines the commands whose work it does."""
    console = _module("builders.console")
    for folder in ("builders", "training", "extraction", "cards"):
        for command in _module(f"{folder}.commands").COMMANDS:
            console.cli.add_command(command)
    console.cli()


if __name__ == "__main__":
    main()
