"""The hard negatives of any schema: for each label those that a model would take for it, found from the schema itself.

The labels are clustered by what they share (`label_signals`), into about as many clusters as the root of their number;
the other labels of its cluster are a label's hard negatives. `else` and its kind are linked to every label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from pathlib import Path
from typing import Any

import orjson

from .clusters import cluster
from .errors import FormatError
from .label_signals import ELSE, Label, Signal, parent_signal, role_signal, type_signal, word_signal
from .readers.lines import read_json
from .tasks import Option, Schema, Triple, get_task

LARGEST = 16  # the most labels in a cluster, so a label has at most 15 negatives, and those of the kind of `else`
WEIGHTS = {"words": 1.0, "parent": 2.0, "types": 2.0, "roles": 1.0}

Negatives = dict[str, tuple[str, ...]]
Dictionary = dict[str, dict[str, Negatives]]  # task → source → label → labels


def hard_negatives(
    task: str, schema: Schema, language: str, native: Mapping[str, str] | None = None
) -> dict[Option, tuple[Option, ...]]:
    """For every option of the task its hard negatives, in the schema's order.

    A function of its arguments alone; the order of the schema changes the order of the outcome, never its contents.
    A negative of a is b exactly where a is one of b.

    Args:
        task: NER, RE, SPO, EE, EET or EEA.
        schema: all that may be asked of the source.
        language: en or zh.
        native: label → its name in the native files, which often tells more (`/people/person/place_lived`).
    """
    options = get_task(task).options(schema)
    by_label = {_label(option, schema, native or {}): option for option in sorted(options, key=_sort_key)}
    linked = [o for label, o in by_label.items() if label.name.lower() in ELSE]
    labels = [label for label in by_label if label.name.lower() not in ELSE]
    signals = [signal(labels) for signal in (word_signal, parent_signal, type_signal, role_signal)]
    found: dict[Option, set[Option]] = {option: set(linked) for option in options}
    for members in cluster(_combined(signals), max(1, round(sqrt(len(labels)))), LARGEST):
        together = [by_label[labels[i]] for i in members]
        for option in together:
            found[option].update(together)
    for option in linked:
        found[option].update(options)
    return {option: tuple(o for o in options if o in found[option] and o != option) for option in options}


def read_dictionary(path: Path) -> Dictionary | Negatives:
    """A hard-negative file: `{task: {source: {label: [labels]}}}`, as published, or flat `{label: [labels]}`.

    Raises:
        FormatError: where the file has neither form.
    """
    data = read_json(path)
    if _is_flat(data):
        return _negatives(data)
    if not isinstance(data, dict) or not all(
        isinstance(sources, dict) and all(_is_flat(negatives) for negatives in sources.values())
        for sources in data.values()
    ):
        raise FormatError(f"{path}:1: neither {{task: {{source: {{label: [labels]}}}}}} nor {{label: [labels]}}.")
    return {
        task: {source: _negatives(negatives) for source, negatives in sources.items()}
        for task, sources in data.items()
    }


def write_dictionary(path: Path, dictionary: Mapping[str, Any]) -> None:
    """Write either form; a typed relation stands as `subject_predicate_object`, as published."""
    path.write_bytes(orjson.dumps(_plain(dictionary), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def option_name(option: Option) -> str:
    """How the published files write an option."""
    return "_".join(option) if isinstance(option, Triple) else str(option)


def _sort_key(option: Option) -> tuple[str, ...]:
    return tuple(option) if isinstance(option, Triple) else (str(option),)


def _label(option: Option, schema: Schema, native: Mapping[str, str]) -> Label:
    if isinstance(option, Triple):
        types = ((option.subject_type, option.object_type),)
        return Label(option.predicate, native.get(option.predicate, ""), types)
    name = str(option)
    types = tuple(sorted((t.subject_type, t.object_type) for t in schema.triples if t.predicate == name))
    return Label(name, native.get(name, ""), types, tuple(schema.event_types.get(name, ())))


def _combined(signals: Iterable[Signal]) -> list[list[float]]:
    weighted = [(WEIGHTS[signal.name], signal.similarity) for signal in signals]
    n = len(weighted[0][1])
    return [[sum(weight * s[i][j] for weight, s in weighted) for j in range(n)] for i in range(n)]


def _is_flat(data: Any) -> bool:
    return isinstance(data, dict) and all(
        isinstance(negatives, list) and all(isinstance(label, str) for label in negatives)
        for negatives in data.values()
    )


def _negatives(data: Mapping[str, Iterable[str]]) -> Negatives:
    """Without what the published file has by mistake: a label among its own negatives, or named twice."""
    return {label: tuple(dict.fromkeys(n for n in negatives if n != label)) for label, negatives in data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {option_name(key): _plain(v) for key, v in value.items()}
    return [option_name(option) for option in value]
