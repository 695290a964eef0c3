"""The rows of a run: chosen by the seed from a built corpus or a Hub id, encoded, and laid down as Arrow files.

A row is chosen by the digest of its own name and the seed, never by its place: the same corpus, recipe and seed give
the same rows however the files are cut. Rows are streamed; only their digests are held in memory.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from ..builders.errors import IEPileError
from ..builders.progress import no_bars_of_datasets
from .mixing import Group, mix
from .prompts import encode_completion, encode_prompt
from .recipe import Recipe
from .splitting import Row, split_row

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

SAMPLE = "sample.jsonl"
IGNORED = -100  # the label of a token that is not scored
_HELD_OUT_AT_MOST = 0.1  # of the training records, where the corpus has no validation split
_END = 2**64


@dataclass(frozen=True)
class Encoded:
    """What one file of encoded rows holds.

    Attributes:
        rows: how many there are.
        tokens, completion_tokens: of all rows together.
        sources: how many rows of each source.
        over_cutoff: how many rows of each source were set aside for their length.
        longest: the tokens of the longest row, those over the cutoff included.
        digest: of the names and contents of the rows, in their order.
    """

    rows: int
    tokens: int
    completion_tokens: int
    sources: dict[str, int]
    over_cutoff: dict[str, int]
    longest: int
    digest: str


@dataclass(frozen=True)
class Chosen:
    """The rows of a run, still in the corpus."""

    recipe: Recipe
    train: _Selection
    validation: _Selection | None


def encode_rows(chosen: Chosen, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Encode the rows of a run and write them below `folder`, from which `read_encoded` reads them.

    Raises:
        IEPileError: where no row fits the cutoff.
    """
    folder.mkdir(parents=True, exist_ok=True)
    encoded = _write(chosen.train, tokenizer, folder / "train")
    if not encoded.rows:
        recipe, over = chosen.recipe, sum(encoded.over_cutoff.values())
        why = f"all {over} chosen are longer than its cutoff of {recipe.cutoff} tokens" if over else "there are none"
        raise IEPileError(f"{recipe.data} has no training rows of {', '.join(recipe.configs)} for this recipe: {why}.")
    if chosen.validation:
        _write(chosen.validation, tokenizer, folder / "validation")
    if chosen.validation and chosen.recipe.early_stopping_metric == "f1":
        sample = chosen.validation.drawn(chosen.recipe.f1_rows)
        fitting = (row for row, *ids in _encoded(sample, tokenizer) if sum(map(len, ids)) <= chosen.recipe.cutoff)
        lines = "".join(json.dumps(row) + "\n" for row in fitting)  # ASCII: a text may hold other line ends
        (folder / SAMPLE).write_text(lines, "utf-8")


def read_sample(folder: Path) -> list[Row]:
    """The validation rows to be answered, as `encode_rows` drew them; none where the recipe asks for none."""
    path = folder / SAMPLE
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def read_encoded(folder: Path) -> dict[str, tuple[Dataset, Encoded]]:
    """What `encode_rows` wrote: `train` and, where there are rows of it, `validation`.

    Returns:
        For each split a dataset with the columns `input_ids` and `labels` (`IGNORED` on the prompt), memory-mapped,
        and what it holds.
    """
    from datasets import Dataset

    found: dict[str, tuple[Dataset, Encoded]] = {}
    for split in ("train", "validation"):
        path = folder / f"{split}.json"
        if path.is_file() and (encoded := Encoded(**json.loads(path.read_text("utf-8")))).rows:
            found[split] = (Dataset.from_file(str(folder / f"{split}.arrow")), encoded)
    return found


@dataclass(frozen=True)
class _Selection:
    """Rows of one split that the seed selects.

    Attributes:
        records: the bounds between which a record's digest lies; all batches of a record share a text, so that they
            go to training or to validation together.
        thresholds: for each group the digest below which its rows are taken; all rows where None.
    """

    recipe: Recipe
    split: str
    configs: tuple[str, ...]
    records: tuple[int, int] = (0, _END)
    thresholds: Mapping[Group, int] | None = None

    def __iter__(self) -> Iterator[Row]:
        recipe, (low, high) = self.recipe, self.records
        for config in self.configs:
            for row in _stream(recipe.data, config, self.split):
                if recipe.sources and row["source"] not in recipe.sources:
                    continue
                if not low <= _digest(recipe.seed, row["id"]) < high:
                    continue
                if self.thresholds is None or _row_digest(recipe.seed, row) < self.thresholds[_group(row)]:
                    yield row

    def drawn(self, max_rows: int, *, mixed: bool = False) -> _Selection:
        """At most so many of these rows; `mixed` as the recipe's weights and caps say."""
        digests: dict[Group, list[int]] = defaultdict(list)
        for row in self:
            digests[_group(row)].append(_row_digest(self.recipe.seed, row))
        counts = {group: len(digests[group]) for group in sorted(digests)}
        options = self.recipe.mixing() if mixed else {}
        if mixed:
            self._check_sources({source for _, source in counts})
        quotas = mix(counts, max_rows=max_rows, **options)
        below = {g: sorted(digests[g])[quota] if quota < counts[g] else _END for g, quota in quotas.items()}
        return replace(self, thresholds=below)

    def _check_sources(self, present: set[str]) -> None:
        for name in (*self.recipe.sources, *self.recipe.mixing()["source_weights"]):
            if name not in present:
                raise IEPileError(
                    f"{self.recipe.data} has no {self.split} rows of the source {name!r} in "
                    f"{', '.join(self.configs)}; it has {', '.join(sorted(present)) or 'none of those named'}."
                )


def choose_rows(recipe: Recipe) -> Chosen:
    """Draw the rows of a run.

    Raises:
        IEPileError: for data that is not there, or an unknown config or source.
    """
    splits = {config: _split_names(recipe.data, config) for config in recipe.configs}
    for config, names in splits.items():
        if "train" not in names:
            others = ", ".join(names) or "none at all"
            raise IEPileError(f"{recipe.data} has no train rows of {config}, only {others}.")
    train, validation = _Selection(recipe, "train", recipe.configs), None
    configs = tuple(config for config, names in splits.items() if "validation" in names)
    if recipe.validation_rows and configs:
        validation = _Selection(recipe, "validation", configs)
    elif recipe.validation_rows:
        share = min(recipe.validation_rows / max(1, sum(1 for _ in train)), _HELD_OUT_AT_MOST)
        bound = int(share * _END)
        train, validation = replace(train, records=(bound, _END)), replace(train, records=(0, bound))
    return Chosen(
        recipe,
        train.drawn(recipe.max_rows, mixed=True),
        validation.drawn(recipe.validation_rows) if validation else None,
    )


def _write(rows: _Selection, tokenizer: PreTrainedTokenizerBase, path: Path) -> Encoded:
    """Encode the rows into `path`.arrow, and what they are into `path`.json."""
    import pyarrow as pa

    ids = pa.list_(pa.int32())
    schema = pa.schema([("input_ids", ids), ("labels", ids)])
    recipe = rows.recipe
    sources: Counter[str] = Counter()
    over: Counter[str] = Counter()
    tokens = completion_tokens = longest = 0
    digest = blake2b(digest_size=16)
    with pa.OSFile(str(path.with_suffix(".arrow")), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        buffer: list[dict[str, list[int]]] = []
        for row, prompt, completion in _encoded(rows, tokenizer):
            length = len(prompt) + len(completion)
            longest = max(longest, length)
            if length > recipe.cutoff:
                over[row["source"]] += 1
                continue
            for part in (row["task"], row["id"], str(row["batch"]), row["instruction"], row["output"]):
                digest.update(part.encode() + b"\0")
            sources[row["source"]] += 1
            tokens += length
            completion_tokens += len(completion)
            buffer.append({"input_ids": prompt + completion, "labels": [IGNORED] * len(prompt) + completion})
            if len(buffer) == 1000:
                writer.write_batch(pa.RecordBatch.from_pylist(buffer, schema=schema))
                buffer.clear()
        writer.write_batch(pa.RecordBatch.from_pylist(buffer, schema=schema))
    encoded = Encoded(
        rows=sources.total(),
        tokens=tokens,
        completion_tokens=completion_tokens,
        sources=dict(sorted(sources.items())),
        over_cutoff=dict(sorted(over.items())),
        longest=longest,
        digest=digest.hexdigest(),
    )
    path.with_suffix(".json").write_text(json.dumps(asdict(encoded)), "utf-8")
    return encoded


def _encoded(rows: _Selection, tokenizer: PreTrainedTokenizerBase) -> Iterator[tuple[Row, list[int], list[int]]]:
    """Each row with the ids of prompt and completion; in parts where it is too long and the recipe says so."""
    recipe = rows.recipe

    def encode(row: Row) -> tuple[list[int], list[int]]:
        return (
            encode_prompt(tokenizer, row["instruction"], recipe.template),
            encode_completion(tokenizer, row["output"], recipe.template),
        )

    for row in rows:
        prompt, completion = encode(row)
        parts: list[Row] = []
        if recipe.over_cutoff == "split" and len(prompt) + len(completion) > recipe.cutoff:
            parts = list(split_row(row, lambda part: sum(map(len, encode(part))) <= recipe.cutoff))
        if not parts:
            yield row, prompt, completion
        for part in parts:
            yield part, *encode(part)


def _stream(data: str, config: str, split: str) -> Iterator[Row]:
    from datasets import load_dataset

    with no_bars_of_datasets():
        rows = load_dataset(data, config, split=split, streaming=True)
    yield from rows


def _split_names(data: str, config: str) -> list[str]:
    """The splits of a config.

    Raises:
        IEPileError: where there is no such data or config.
    """
    from datasets import get_dataset_split_names

    folder = Path(data)
    if folder.is_dir() and not (folder / "README.md").is_file():
        raise IEPileError(f"{data} is no built corpus (it has no README.md); run `iepile build` first.")
    if not folder.is_dir() and "/" not in data:
        raise IEPileError(f"There is no corpus {data!r} here; run `iepile build`, or name one with --set data=FOLDER.")
    try:
        with no_bars_of_datasets():
            return list(get_dataset_split_names(data, config))
    except ValueError as error:
        # datasets lists the configs that there are.
        known = str(error).splitlines()[0].rstrip(".")
        raise IEPileError(f"{data} has no config {config!r}: {known}; choose with --set 'configs=[…]'.") from None
    except (OSError, ConnectionError) as error:
        raise IEPileError(
            f"The corpus {data!r} is neither a folder nor to be had from the Hub "
            f"({str(error).splitlines()[0]}); run `iepile build` first, or give its folder with --set data=FOLDER."
        ) from None


def _group(row: Row) -> Group:
    return f"{row['language']}_{row['task'].lower()}", row["source"]


def _row_digest(seed: int, row: Row) -> int:
    return _digest(seed, f"{row['task']} {row['id']} {row['batch']}")


def _digest(seed: int, name: str) -> int:
    return int.from_bytes(blake2b(f"{seed} {name}".encode(), digest_size=8).digest(), "big")
