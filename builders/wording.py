"""How the rows of a build word their labels: with descriptions, and by option under other names than the source's.

A model should read a schema and not remember it. `synonyms` gives a label a name that the user lists, `neutral` one
that says nothing (`type A`) beside its description, `dropout` leaves it out: each label of a training row by itself,
with the probability `rate`. What is decided depends on the seed and the row's id alone. A typed triple (SPO) has no
place for a description, nor has an entity type of KG, whose attributes have.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .errors import FormatError
from .readers.lines import read_text
from .source import Source
from .tasks import Task, to_json

AUGMENTATIONS = ("synonyms", "neutral", "dropout")
_NEUTRAL = {"en": "type ", "zh": "类型"}

BySource = Mapping[str, Mapping[str, Any]]  # source, "" for all → label → what is said of it


@dataclass(frozen=True)
class Wording:
    """What rows say of labels beside their names.

    Attributes:
        descriptions: source, or "" for all → label → description; roles as `Task.described` takes them.
        synonyms: source, or "" for all → label → other names for it.
        augment: one of `AUGMENTATIONS`, or empty.
        rate: the probability with which it changes a label of a training row.
    """

    descriptions: BySource = field(default_factory=dict)
    synonyms: BySource = field(default_factory=dict)
    augment: str = ""
    rate: float = 0.5

    def of(self, source: Source) -> SourceWording | None:
        """That of one source; None where its rows stay as they are."""
        descriptions, synonyms = _of(self.descriptions, source), _of(self.synonyms, source)
        if not (descriptions or synonyms or self.augment == "dropout"):
            return None
        return SourceWording(descriptions, synonyms, self.augment, self.rate, _NEUTRAL[source.language])


@dataclass(frozen=True)
class SourceWording:
    """The wording of one source's rows."""

    descriptions: Mapping[str, str]
    synonyms: Mapping[str, Sequence[str]]
    augment: str
    rate: float
    neutral: str  # what a neutral name starts with

    def reword(self, task: Task, instruction: str, output: str, rng: random.Random | None) -> tuple[str, str]:
        """A row in this wording.

        Args:
            task: that of the row.
            instruction: without descriptions, as `Asking.write` gives it.
            output: its answer.
            rng: decides what is augmented; nothing is where there is none, as in rows to evaluate on.
        """
        asked, answer = json.loads(instruction), json.loads(output)
        entries, descriptions = asked["schema"], self.descriptions
        if rng is not None and self.augment == "dropout":
            kept = self._kept(list(answer), [key for key, found in answer.items() if found], rng)
            entries = [entry for entry in entries if task.entry_key(entry) in kept]
        elif rng is not None and self.augment:
            names = self._names(task, entries, rng)
            entries = [_renamed(task, entry, names) for entry in entries]
            answer = {names.get(key, key): found for key, found in answer.items()}
            descriptions = _moved(descriptions, names)
        asked["schema"] = task.described(entries, descriptions)
        return to_json(asked), to_json({task.entry_key(e): answer[task.entry_key(e)] for e in entries})

    def _kept(self, keys: Sequence[str], filled: Sequence[str], rng: random.Random) -> Collection[str]:
        """The keys that stay: at least one, and one with an answer where there is one, so that no row gets empty."""
        kept = {key for key in keys if rng.random() >= self.rate}
        if kept.isdisjoint(filled or keys):
            kept.add(rng.choice(filled or keys))
        return kept

    def _names(self, task: Task, entries: Sequence[Any], rng: random.Random) -> dict[str, str]:
        """The label → its other name; no two labels of a row get the same."""
        keys = [task.entry_key(entry) for entry in entries]
        shown = task.described(entries, self.descriptions)
        taken, names = set(keys), {}
        letters = rng.sample(string.ascii_uppercase, 26)
        for key in keys:
            if rng.random() >= self.rate:
                continue
            if self.augment == "synonyms":
                others = [name for name in self.synonyms.get(key, ()) if name not in taken]
            else:
                # Without its description nobody could tell what a neutral name stands for.
                known = isinstance(shown, Mapping) and self.descriptions.get(key)
                others = (
                    [name for letter in letters if (name := self.neutral + letter) not in taken][:1] if known else []
                )
            if others:
                names[key] = rng.choice(others)
                taken.add(names[key])
        return names


def read_words(path: Path, sources: Mapping[str, Source] | None = None, *, lists: bool = False) -> BySource:
    """Read descriptions or synonyms: a YAML or JSON mapping, label → text, or source → label → text.

    Args:
        path: the file.
        sources: those that there are; a source or a label that they lack is an error. Not checked if None.
        lists: whether a label stands for a list of texts, its synonyms.

    Raises:
        FormatError: where the file is no such mapping, or names what there is not.
    """
    if not path.is_file():
        raise FormatError(f"There is no file {path}; name a YAML or JSON file of labels.")
    try:
        found = yaml.safe_load(read_text(path))  # JSON is YAML
    except yaml.YAMLError as error:
        raise FormatError(f"{path}: not YAML ({' '.join(str(error).split())}).") from None
    if not isinstance(found, Mapping):
        raise FormatError(f"{path}: this is no mapping; write label: text, or source: {{label: text}}.")
    words: dict[str, dict[str, Any]] = {"": {}}
    for name, value in found.items():
        if isinstance(value, Mapping):
            words[str(name)] = {str(label): _word(path, str(label), text, lists) for label, text in value.items()}
        else:
            words[""][str(name)] = _word(path, str(name), value, lists)
    if sources is not None:
        _check(path, words, sources)
    return {name: labels for name, labels in words.items() if labels}


def _word(path: Path, label: str, value: Any, lists: bool) -> Any:
    texts = value if lists else [value]
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) and t.strip() for t in texts):
        raise FormatError(f"{path}: what stands at {label!r} is no {'list of names' if lists else 'text'}; write one.")
    return tuple(texts) if lists else value


def _check(path: Path, words: BySource, sources: Mapping[str, Source]) -> None:
    for name, labels in words.items():
        if not name:
            continue
        source = sources.get(name) or next((s for s in sources.values() if s.key == name), None)
        if source is None:
            raise FormatError(f"{path}: there is no source {name!r}; `iepile sources` lists them.")
        types = source.schema.attributes or source.roles
        known = {*source.labels.values(), *types, *(m for members in types.values() for m in members)}
        known |= {f"{kind}.{member}" for kind, members in types.items() for member in members}
        unknown = next((label for label in labels if label not in known), None)
        if unknown is not None and source.labels:
            raise FormatError(f"{path}: {name} has no label {unknown!r}; `iepile sources {name}` lists them.")


def _of(words: BySource, source: Source) -> dict[str, Any]:
    named = words.get(source.name) or (words.get(source.key) if source.key else None) or {}
    return {**words.get("", {}), **named}


def _renamed(task: Task, entry: Any, names: Mapping[str, str]) -> Any:
    key = task.entry_key(entry)
    name = names.get(key, key)
    return {**entry, task.keyed_by: name} if task.keyed_by else name


def _moved(descriptions: Mapping[str, str], names: Mapping[str, str]) -> Mapping[str, str]:
    """The descriptions under the labels' other names."""
    moved = {label: text for label, text in descriptions.items() if label not in names}
    for old, new in names.items():
        if old in descriptions:
            moved[new] = descriptions[old]
        roles = [label for label in descriptions if label.startswith(f"{old}.")]
        moved |= {new + label[len(old) :]: descriptions[label] for label in roles}
    return moved
