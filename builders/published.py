"""Sources in the layout that the authors of IEPile publish: `IE-en/NER/<name>/{train,dev,test,schema}.json`.

A folder that bears the name, or the dictionary key, of a source that we know is that source, with its metadata; any
other becomes a source of its own, its licence unstated. Labels, roles and typed relations are those of `schema.json`.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from .errors import FormatError, IEPileError
from .readers.unified import read_unified
from .source import File, Source

SCHEMA_FILE = "schema.json"
SPLIT_FILES = {"train": "train.json", "validation": "dev.json", "test": "test.json", "zero_shot": "test.json"}
# Folder → task. EET and EEA ask about the records of EE, and RE about those of KG and SPO, so of folders with one name
# the first of these is read.
TASKS = {"NER": "NER", "KG": "RE", "SPO": "RE", "RE": "RE", "EE": "EE", "EET": "EE", "EEA": "EE"}


class _Place(NamedTuple):
    """What the path of a folder says."""

    language: str
    task: str
    name: str


def published_sources(root: Path, known: Mapping[str, Source]) -> dict[str, Source]:
    """Name → source, for each folder below `root` in this layout.

    Args:
        root: holds `IE-en` and `IE-zh`, or is one of them.
        known: name → source; those whose folder is there are given in their published form.

    Raises:
        IEPileError: where no folder has this layout, or two are the same source.
        FormatError: where a folder has no schema.
    """
    folders: dict[_Place, Path] = {}
    for folder in _folders(root):
        folders.setdefault(_place(folder), folder)
    if not folders:
        raise IEPileError(f"{root} has no folder like IE-en/NER/<name> with train.json and schema.json in it.")
    names = _names(known)
    repeated = Counter(name for _, _, name in folders)
    found: dict[str, Source] = {}
    for (language, task, name), folder in folders.items():
        source = known.get(names.get(_Place(language, task, _plain(name)), ""))
        if source is None:
            taken = name in known or repeated[name] > 1
            source = _unknown(f"{name}_{language}_{task.lower()}" if taken else name, task, language)
        if source.name in found:
            raise IEPileError(f"{found[source.name].home} and {folder} both are {source.name}; move one of them away.")
        found[source.name] = _at(folder, source, source if source.name in known else None)
    return found


def _folders(root: Path) -> Iterator[Path]:
    """The folders in this layout, by task in the order of `TASKS`, then by path."""
    files = {SCHEMA_FILE, *SPLIT_FILES.values()}
    found = [Path(folder) for folder, _, names in os.walk(root.resolve()) if not files.isdisjoint(names)]
    found = sorted(folder for folder in found if _language(folder))
    for folder in found:
        task = folder.parent.name.upper()
        if task not in TASKS:
            raise IEPileError(f"{folder} is for a task {task}; a corpus is made of {', '.join(TASKS)}. Move it away.")
        if not (folder / SCHEMA_FILE).is_file():
            raise FormatError(f"{folder / SCHEMA_FILE}:1: this file is missing; put it beside the others.")
    yield from sorted(found, key=lambda folder: list(TASKS).index(folder.parent.name.upper()))


def _language(folder: Path) -> str:
    match = re.fullmatch(r"(?:IE[-_])?(en|zh)", folder.parent.parent.name, re.IGNORECASE)
    return match[1].lower() if match else ""


def _place(folder: Path) -> _Place:
    return _Place(_language(folder), TASKS[folder.parent.name.upper()], folder.name)


def _names(known: Mapping[str, Source]) -> dict[_Place, str]:
    """What a folder of a known source may be called → the source's name; no name that several sources share."""
    found: dict[_Place, str] = {}
    for aliases in (lambda s: (s.name, s.key), lambda s: s.folders):  # a name comes before a folder's
        claims = [(_Place(s.language, s.task, _plain(a)), s.name) for s in known.values() for a in aliases(s) if a]
        claimed = Counter(place for place, _ in set(claims))
        found = {place: name for place, name in claims if claimed[place] == 1} | found
    return found


def _plain(name: str) -> str:
    """Names are the same whatever their case, and whether words are parted by `-`, `_` or nothing."""
    return re.sub(r"[\W_]", "", name).lower()


def _unknown(name: str, task: str, language: str) -> Source:
    return Source(
        name=name,
        task=task,
        language=language,
        domain="unstated",
        licence="unstated",
        redistribute="unstated",
        citation="unstated",
        homepage="",
        access="",
        files={split: () for split in ("train", "validation", "test")},
        read=read_unified,
        labels={},
    )


def _at(folder: Path, source: Source, native: Source | None) -> Source:
    """The source as the folder has it. A suite is not trained on, whatever else lies there."""
    files = {
        split: [File(SPLIT_FILES[split]), File(SCHEMA_FILE, beside=True)]
        for split in source.splits
        if native or (folder / SPLIT_FILES[split]).is_file()
    }
    return replace(
        source,
        files=files,
        read=read_unified,
        labels={},
        triples=(),
        types={},
        roles={},
        role_names={},
        unseen=None,
        module=str(folder / SCHEMA_FILE),
        home=folder,
        native=native,
    )
