"""Read files of predictions: our own rows with a `prediction` column, or the published prediction format.

Ours: the corpus's columns and `prediction`, as JSON lines or Parquet; a row is scored by itself. Published: JSON lines
of `{"id", "task", "source", "instruction", "output", "label"}`, where `output` is the model's answer to one schema
batch and `label` holds all items of the record; the batches of a record are put together first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ..builders.errors import FormatError, IEPileError
from ..builders.readers.lines import read_json_lines
from ..builders.records import Record, Rejected
from ..builders.tasks import TASKS, Items, Schema, Task, Triple, get_task
from .parsing import Parsed, Status, parse

Row = Mapping[str, Any]


@dataclass
class Answered:
    """The answers to one record beside its gold: what is scored in one piece."""

    task: Task
    source: str
    text: str
    gold: Items
    entries: list[Any]
    id: str = ""
    predicted: Items = field(default_factory=dict)
    off_schema: Items = field(default_factory=dict)
    statuses: Counter[Status] = field(default_factory=Counter)
    dropped: int = 0

    def add(self, parsed: Parsed) -> None:
        """Count the answer to one batch."""
        for facet, items in self.task.items(parsed.answer).items():
            extra = parsed.off_schema.get(facet, [])
            self.predicted.setdefault(facet, []).extend([*items, *extra])
            self.off_schema.setdefault(facet, []).extend(extra)
        self.statuses[parsed.status] += 1
        self.dropped += parsed.dropped


def read_predictions(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield (`file:line`, row).

    Raises:
        FormatError: where the file, or a line of it, is not what it should be.
    """
    if not path.is_file():
        raise IEPileError(f"There is no predictions file {path}; name the JSON lines or Parquet file to score.")
    if path.suffix == ".parquet":
        yield from _read_parquet(path)
        return
    for item in read_json_lines(path):
        if isinstance(item, Rejected):
            raise FormatError(f"{item.origin}: {item.reason}; a predictions file holds one JSON object a line.")
        origin, row = item
        if not isinstance(row, dict):
            raise FormatError(f"{origin}: this line is no JSON object; a predictions file holds one a line.")
        yield origin, row


def _read_parquet(path: Path) -> Iterator[tuple[str, Row]]:
    number = 0
    try:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                number += 1
                yield f"{path}:{number}", row
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these
        raise FormatError(f"{path}: not a readable Parquet file ({error}); is it complete?") from None


def answered(rows: Iterable[tuple[str, Row]], task: Task | None = None, repair: bool = True) -> Iterator[Answered]:
    """The records of predictions in either format, each with its answers read.

    Args:
        rows: (origin, row) as `read_predictions` gives them.
        task: that of published rows that name none; else it is found from the instruction.
        repair: whether answers that are not JSON are mended.

    Raises:
        FormatError: where a row lacks what it should hold; the message opens with the origin.
    """
    seen: dict[tuple[Any, ...], str] = {}
    records: dict[tuple[Any, ...], list[Answered]] = {}
    for origin, row in rows:
        if "prediction" in row:
            yield _own(row, origin, seen, repair)
        elif "label" in row:
            _published(row, origin, records, task, repair)
        else:
            raise FormatError(f"{origin}: the row has neither `prediction` nor `label`; it cannot be scored.")
    for same_id in records.values():
        yield from same_id


def _own(row: Row, origin: str, seen: dict[tuple[Any, ...], str], repair: bool) -> Answered:
    task = task_of(row, origin)
    key = (task.name, read_string(row, "id", origin), row.get("batch"))
    if first := seen.get(key):
        raise FormatError(f"{origin}: batch {key[2]} of {key[1]!r} stands twice (first at {first}); remove one.")
    seen[key] = origin
    entries, text = read_instruction(row, task, origin)
    gold = load_field(row, "output", origin, dict)
    found = Answered(task, read_string(row, "source", origin), text, task.items(gold), entries, key[1])
    found.add(parse(read_string(row, "prediction", origin), task, entries, repair=repair))
    return found


def _published(
    row: Row, origin: str, records: dict[tuple[Any, ...], list[Answered]], task: Task | None, repair: bool
) -> None:
    task = task_of(row, origin, task)
    entries, text = read_instruction(row, task, origin)
    source = str(row.get("source", ""))
    # The id is the digest of the text. Two records may share a text: then their labels differ, or one of them is asked
    # again for what the other was asked.
    name, label = read_string(row, "id", origin), read_string(row, "label", origin)
    same_id = records.setdefault((task.name, source, name, label), [])
    keys = [json.dumps(entry) for entry in entries]
    open_record = next((r for r in same_id if not any(json.dumps(entry) in keys for entry in r.entries)), None)
    if open_record is None:
        gold = label_items(row, task, text, origin)
        same_id.append(open_record := Answered(task, source, text, gold, [], f"{name}/{len(same_id)}"))
    open_record.entries += entries
    open_record.add(parse(read_string(row, "output", origin), task, entries, repair=repair))


def label_items(row: Row, task: Task, text: str, origin: str) -> Items:
    """The gold items of a published `label`, each once where the task lists it once."""
    label = load_field(row, "label", origin, list)
    try:
        record = Record.from_dict({"text": text, task.family: label})
        if task.keyed_by == "entity_type" and not all(r.head_type for r in record.relation):
            raise FormatError(f"{origin}: a relation of `label` has no `head_type`, without which it can't be scored.")
        items: Items = {}
        for option, answer in task.gold(record, _schema(record)).items():  # one by one: options of SPO may share a key
            for facet, found in task.items({task.key(option): answer}).items():
                items.setdefault(facet, []).extend(found)
        return items
    except (AttributeError, KeyError, TypeError):
        raise FormatError(f"{origin}: `label` holds no items of {task.name}; is this row of another task?") from None


def read_instruction(row: Row, task: Task, origin: str) -> tuple[list[Any], str]:
    """The schema entries and the text of a row's `instruction`."""
    instruction = load_field(row, "instruction", origin, dict)
    try:
        entries = task.listed(instruction["schema"])
        for entry in entries:
            task.shape(entry)
            task.entry_key(entry)
        return entries, str(instruction["input"])
    except (KeyError, TypeError, AttributeError):
        raise FormatError(
            f"{origin}: `instruction` holds no `schema` of {task.name} with an `input`; is this row of another task?"
        ) from None


def task_of(row: Row, origin: str, task: Task | None = None) -> Task:
    """The task that a row names, the given one, or the one whose instruction sentence the row bears.

    Raises:
        FormatError: where there is none.
    """
    if "task" not in row:
        return task or _recognise(row, origin)
    try:
        return get_task(read_string(row, "task", origin))
    except FormatError:
        raise
    except IEPileError as error:
        raise FormatError(f"{origin}: {error}") from None


def _recognise(row: Row, origin: str) -> Task:
    instruction = load_field(row, "instruction", origin, dict)
    sentence, schema = instruction.get("instruction"), instruction.get("schema")
    for task in TASKS.values():
        if sentence in task.instruction.values():
            try:
                for entry in task.listed(schema or ()):
                    task.entry_key(entry)
            except (AttributeError, KeyError, TypeError):
                continue  # SPO and RE share a sentence
            return task
    raise FormatError(f"{origin}: the row names no `task` and its instruction is none of ours; name it with --task.")


def _schema(record: Record) -> Schema:
    """The smallest schema that a record's annotation fits."""
    roles: dict[str, dict[str, None]] = {}
    for event in record.event:
        roles.setdefault(event.event_type, {}).update(dict.fromkeys(a.role for a in event.arguments))
    attributes: dict[str, dict[str, None]] = {}
    for r in record.relation:
        attributes.setdefault(r.head_type, {})[r.relation] = None
    return Schema(
        entity_types=tuple(dict.fromkeys(e.entity_type for e in record.entity)),
        relations=tuple(dict.fromkeys(r.relation for r in record.relation)),
        triples=tuple(dict.fromkeys(Triple(r.head_type, r.relation, r.tail_type) for r in record.relation)),
        event_types={name: tuple(names) for name, names in roles.items()},
        attributes={name: tuple(names) for name, names in attributes.items()},
    )


def read_string(row: Row, field: str, origin: str) -> str:
    """A column that must be a string.

    Raises:
        FormatError: where it is not.
    """
    if not isinstance(row.get(field), str):
        raise FormatError(f"{origin}: `{field}` is missing or no string; a row to score must have it.")
    value: str = row[field]
    return value


def load_field(row: Row, field: str, origin: str, kind: type) -> Any:
    """The JSON list or object in a column; errors as `read_string`."""
    try:
        value = json.loads(read_string(row, field, origin))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{origin}: `{field}` is not JSON ({error}).") from None
    if not isinstance(value, kind):
        raise FormatError(f"{origin}: `{field}` is JSON, but no {'list' if kind is list else 'object'}.")
    return value
