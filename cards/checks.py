"""What must hold of a folder before it is released."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from huggingface_hub import metadata_load

from ..builders.errors import IEPileError

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<total>\d{5})\.parquet")
_BESIDE_PARQUET = {"README.md", "LICENSE"}  # what else a corpus folder may hold


def check_corpus(folder: Path) -> tuple[Path, ...]:
    """The Parquet files of a whole built corpus.

    Raises:
        IEPileError: where the folder is no corpus, holds a loading script or anything else that no build made, or
            lacks a file, a shard or rows that its card names.
    """
    readme = folder / "README.md"
    if not folder.is_dir() or not readme.is_file():
        raise IEPileError(
            f"{folder} is no built corpus: it has no README.md; run `iepile build --out {folder}` first."
        )
    if script := next(folder.rglob("*.py"), None):
        raise IEPileError(
            f"{script}: datasets 4 and later refuse a corpus that holds a loading script; move it out of {folder}."
        )
    card = _front_matter(readme)
    try:
        # The mixes come first in the card, but a fault is told of the config whose file it is.
        named = {path for config in reversed(card["configs"]) for path in _check_config(folder, config, card)}
    except (KeyError, TypeError) as error:
        raise IEPileError(f"{readme}: its front matter is not that of a build ({error!r}); build again.") from None
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in named and str(path.relative_to(folder)) not in _BESIDE_PARQUET:
            raise IEPileError(f"{path} is not named by the card, so no part of the corpus; move it out of {folder}.")
    return tuple(sorted(named))


def _front_matter(readme: Path) -> dict[str, Any]:
    try:
        card = metadata_load(readme)
    except (ValueError, yaml.YAMLError) as error:
        raise IEPileError(f"{readme}: its front matter is not YAML ({_first_line(error)}); build again.") from None
    if not card or not isinstance(card.get("configs"), list) or not isinstance(card.get("dataset_info"), list):
        raise IEPileError(f"{readme}: its front matter lacks `configs` or `dataset_info`; build the corpus again.")
    return card


def _check_config(folder: Path, config: dict[str, Any], card: dict[str, Any]) -> Iterator[Path]:
    """Yield the files of one config; they must be there, whole, and hold the rows that the card counts."""
    name = config["config_name"]
    info: dict[str, Any] = next((i for i in card["dataset_info"] if i["config_name"] == name), {"splits": []})
    counted = {split["name"]: split["num_examples"] for split in info["splits"]}
    for data_files in config["data_files"]:
        split, patterns = data_files["split"], data_files["path"]
        rows = 0
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            files = sorted(folder.glob(pattern))
            if not files:
                raise IEPileError(f"{folder / pattern} is named by the card but not there; build the corpus again.")
            _check_shards(files)
            rows += sum(_rows(path) for path in files)
            yield from files
        if rows != counted.get(split):
            raise IEPileError(
                f"{folder}/README.md counts {counted.get(split)} {split} rows of {name}, its files hold {rows}; "
                "build the corpus again."
            )


def _check_shards(files: list[Path]) -> None:
    """`x-00000-of-00002.parquet` must not stand alone."""
    found = [match for path in files if (match := _SHARD.fullmatch(path.name))]
    for match in found:
        if len(found) != int(match["total"]) or int(match["number"]) >= len(found):
            folder = files[0].parent
            raise IEPileError(
                f"{folder}/{match[0]} is one of {int(match['total'])} files, but {len(found)} are there; "
                "build the corpus again."
            )


def _rows(path: Path) -> int:
    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise IEPileError(f"{path}: not a whole Parquet file ({_first_line(error)}); build again.") from None
    if "source" not in metadata.schema.names:
        raise IEPileError(f"{path}: it has no column `source`, so it was not made by this build; build again.")
    return int(metadata.num_rows)


def check_adapter(folder: Path) -> dict[str, Any]:
    """The adapter's configuration; its weights are whole and its base is named as on the Hub.

    Raises:
        IEPileError: where it is not so.
    """
    path = folder / "adapter_config.json"
    weights = folder / "adapter_model.safetensors"
    if not path.is_file():
        raise IEPileError(f"{folder} is no adapter: it has no adapter_config.json; name what `iepile train` wrote.")
    if not weights.is_file():
        raise IEPileError(f"{folder} has no adapter_model.safetensors; train again, or convert what it has.")
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        base = str(config.get("base_model_name_or_path") or "")
    except (ValueError, AttributeError) as error:
        raise IEPileError(f"{path}: not a JSON object ({error}); train again.") from None
    if not HUB_ID.fullmatch(base) or Path(base).is_dir():
        raise IEPileError(
            f"{path}: base_model_name_or_path is {base!r}, which nobody else can load; put the base's Hub id there."
        )
    _check_safetensors(weights)
    return config


def _check_safetensors(path: Path) -> None:
    """The header parses, and the file is as long as it says (https://github.com/huggingface/safetensors#format)."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(length) if length <= path.stat().st_size else b""
    try:
        tensors = {name: info for name, info in json.loads(header).items() if name != "__metadata__"}
        end = max(info["data_offsets"][1] for info in tensors.values())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise IEPileError(f"{path}: not a safetensors file; train again.") from None
    if path.stat().st_size != 8 + length + end:
        raise IEPileError(f"{path}: cut short or grown; train again, or copy it again.")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
