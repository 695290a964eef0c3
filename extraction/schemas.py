"""What a user may give as a schema, turned into the task's options: lists, mappings, typed triples, events, files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..builders.errors import FormatError, IEPileError
from ..builders.instructions import batches
from ..builders.readers.lines import read_lines
from ..builders.tasks import Option, Schema, Task, Triple, get_task

_EVENT_FIELDS = ("event_type", "arguments")
SchemaLike = Schema | Sequence[Any] | Mapping[str, Any] | str | Path


@dataclass(frozen=True)
class Asked:
    """A task and all that is asked of a text.

    Attributes:
        descriptions: label, or `<type>.<role>`, → what is meant by it; see `Task.described`.
        triggers: for EEA, event type → the triggers that are given.
    """

    task: Task
    schema: Schema
    descriptions: Mapping[str, str] = field(default_factory=dict)
    triggers: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def batches(self, split_num: int | None = None) -> list[list[Option]]:
        """The options in the order given, cut as the corpus's test rows are."""
        return batches(self.task.options(self.schema), split_num or self.task.split_num, self.task.key)

    def entries(self, options: Sequence[Option]) -> list[Any]:
        """The schema entries of one batch."""
        given = [[{"trigger": t} for t in self.triggers.get(self.task.key(o), ())] for o in options]
        return [self.task.entry(o, self.schema, gold) for o, gold in zip(options, given, strict=True)]

    def questions(self, text: str, language: str, split_num: int | None = None) -> Iterator[tuple[list[Any], str]]:
        """Yield (schema entries, `instruction` string) for each batch, as the corpus's test rows ask."""
        for options in self.batches(split_num):
            entries = self.entries(options)
            yield entries, self.instruction(text, language, entries)

    def instruction(self, text: str, language: str, entries: list[Any]) -> str:
        """The `instruction` string that asks for one batch."""
        return self.task.ask(text, language, self.task.described(entries, self.descriptions))


def read_schema(schema: SchemaLike, task: str | None = None) -> Asked:
    """Understand a schema.

    Args:
        schema: labels; label → description; typed triples, as (subject type, predicate, object type) or as the
            format's own objects; event type → roles, or → role → description, or → {the type itself: its
            description, "arguments": roles}; for EEA event type → {"trigger": […], "arguments": […]}; for KG entity
            type → attributes, or → attribute → description, or the format's own objects; a `Schema`; or the path of a
            JSON or YAML file that holds one of these, or of a published `schema.json`.
        task: its name; may be left out for typed triples (SPO), events with roles (EE) and the format's own objects.

    Raises:
        IEPileError: where it fits no task, is empty, or names something twice.
    """
    if isinstance(schema, (str, Path)):
        return read_schema(_read_file(Path(schema), task), task)
    if isinstance(schema, Schema):
        return _checked(Asked(_named(task), schema))
    if isinstance(schema, Mapping) and all(value is None or isinstance(value, str) for value in schema.values()):
        found = _labels(list(schema), task)
        return Asked(found.task, found.schema, {label: text for label, text in schema.items() if text})
    entries: list[Any] = _entries(schema, task) if isinstance(schema, Mapping) else list(schema)
    if entries and all(isinstance(e, Mapping) and "event_type" in e for e in entries):
        return _events(entries, task)
    if entries and all(isinstance(e, Mapping) and "entity_type" in e for e in entries):
        _fits(task, "KG")
        attributes, described = _members(entries, "entity_type", "attributes")
        return _checked(Asked(get_task("KG"), Schema(attributes=attributes), described))
    if entries and all(_is_triple(e) for e in entries):
        _fits(task, "SPO", "RE")
        triples = (Triple(**e) if isinstance(e, Mapping) else Triple(*e) for e in entries)
        return _checked(Asked(get_task("SPO"), Schema(triples=tuple(triples))))
    return _labels(entries, task)


def parse_schema(text: str, task: str) -> Any:
    """A schema as people type it, for `read_schema`.

    JSON, or: labels with commas or line ends between them; for EE (and KG) `type: role, role` on a line each, for
    EEA `type [trigger, trigger]: role, role`; for SPO `subject type, predicate, object type` on a line each.

    Raises:
        IEPileError: where a line does not follow this; the message says how it should.
    """
    text = text.strip()
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise IEPileError(
                f"The schema opens like JSON and is none, at line {error.lineno} ({error.msg})."
            ) from None
    name, lines = get_task(task).name, [line.strip() for line in text.splitlines() if line.strip()]
    if name == "SPO":
        return [_triple_line(line) for line in lines]
    if name in ("EE", "EEA"):
        events = [_event_line(line, name == "EEA") for line in lines]
        _distinct([event["event_type"] for event in events])
        return events
    if name == "KG":
        types = [_event_line(line, False) for line in lines]
        return [{"entity_type": found["event_type"], "attributes": found["arguments"]} for found in types]
    return [label for line in lines for label in _listed(line)]


def _triple_line(line: str) -> Triple:
    parts = _listed(line)
    if len(parts) != 3:
        raise IEPileError(f"{line!r} is no typed triple; write `subject type, predicate, object type`.")
    return Triple(*parts)


def _event_line(line: str, with_triggers: bool) -> dict[str, Any]:
    found = re.fullmatch(r"(?P<type>[^:：\[\]]+?)\s*(\[(?P<triggers>.*)\])?\s*([:：](?P<roles>.*))?", line)
    if not found or (found["triggers"] is None) == with_triggers:
        form = "type [trigger, trigger]: role, role" if with_triggers else "type: role, role"
        raise IEPileError(f"{line!r} is no event type; write `{form}`.")
    triggers = {"trigger": _listed(found["triggers"])} if with_triggers else {}
    return {"event_type": found["type"], **triggers, "arguments": _listed(found["roles"] or "")}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in re.split("[,，、]", text) if part.strip()]


def _labels(labels: list[Any], task: str | None) -> Asked:
    for label in labels:
        if not isinstance(label, str) or not label.strip():
            raise IEPileError(f"{label!r} is no label; a schema lists labels, typed triples or event types.")
    _distinct(labels)
    _fits(task, "NER", "RE", "EE", "EET")
    found, names = _named(task), tuple(labels)
    if found.family == "entity":
        return _checked(Asked(found, Schema(entity_types=names)))
    if found.family == "relation":
        return _checked(Asked(found, Schema(relations=names)))
    return _checked(Asked(found, Schema(event_types=dict.fromkeys(names, ()))))


def _events(entries: list[Mapping[str, Any]], task: str | None) -> Asked:
    _fits(task, "EE", "EEA", "EET")
    roles, described = _members(entries, "event_type", "arguments")
    found = get_task(task or "EE")
    triggers = {e["event_type"]: e["trigger"] for e in entries if isinstance(e.get("trigger"), list)}
    if found.name == "EEA" and len(triggers) < len(entries):
        raise IEPileError('EEA needs triggers; give {"event type": {"trigger": ["…"], "arguments": ["role", …]}}.')
    schema = Schema(event_types=roles)
    return _checked(Asked(found, schema, described, triggers if found.name == "EEA" else {}))


def _members(
    entries: Sequence[Mapping[str, Any]], named: str, listed: str
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Type → its roles or attributes, and what is meant by each, where it is told."""
    _distinct([entry[named] for entry in entries])
    members: dict[str, tuple[str, ...]] = {}
    described: dict[str, str] = {}
    for entry in entries:
        name, given = entry[named], entry.get(listed, ())
        if not isinstance(given, (list, tuple, Mapping)) or not all(isinstance(member, str) for member in given):
            what = "roles" if listed == "arguments" else listed
            raise IEPileError(f"The {what} of {name!r} are no list of names; write them as a list.")
        _distinct(list(given))
        members[name] = tuple(given)
        told = {name: entry.get(name)} if name != named else {}  # as OneKE writes what is meant by an event type
        if isinstance(given, Mapping):
            told |= {f"{name}.{member}": text for member, text in given.items()}
        described |= {label: text for label, text in told.items() if text and isinstance(text, str)}
    return members, described


def _entries(schema: Mapping[str, Any], task: str | None) -> list[dict[str, Any]]:
    """Type → roles or attributes, → these with descriptions, or → the rest of the format's own object."""
    named, listed = ("entity_type", "attributes") if task and get_task(task).name == "KG" else _EVENT_FIELDS
    return [
        {named: name, **value} if isinstance(value, Mapping) and listed in value else {named: name, listed: value}
        for name, value in schema.items()
    ]


def _checked(asked: Asked) -> Asked:
    options = asked.task.options(asked.schema)
    if not options:
        raise IEPileError(f"The schema holds nothing that {asked.task.name} could ask for; name at least one label.")
    _distinct(options)
    return asked


def _distinct(options: Sequence[Any]) -> None:
    for place, option in enumerate(options):
        if option in options[:place]:
            raise IEPileError(f"The schema names {option!r} twice; remove one.")


def _named(task: str | None) -> Task:
    if task is None:
        raise IEPileError("A schema of plain labels fits several tasks; name one: NER, RE or EET.")
    return get_task(task)


def _fits(task: str | None, *names: str) -> None:
    if task is not None and get_task(task).name not in names:
        raise IEPileError(f"This schema is one for {' or '.join(names)}, not for {get_task(task).name}.")


def _is_triple(entry: Any) -> bool:
    if isinstance(entry, Mapping):
        return set(entry) == set(Triple._fields) and all(isinstance(part, str) for part in entry.values())
    return isinstance(entry, (list, tuple)) and len(entry) == 3 and all(isinstance(part, str) for part in entry)


def _read_file(path: Path, task: str | None) -> Any:
    if not path.is_file():
        raise IEPileError(
            f"There is no schema file {path}; give labels as a list, or the path of a JSON or YAML file."
        )
    lines = [line for _, line in read_lines(path) if line.strip()]
    text = "\n".join(lines)
    try:
        if path.suffix in (".yaml", ".yml"):
            return yaml.safe_load(text)
        return json.loads(text)
    except yaml.YAMLError as error:
        raise FormatError(f"{path}: not YAML ({error}).") from None
    except json.JSONDecodeError as error:
        published = _published_lines(lines, task)
        if published is None:
            raise FormatError(f"{path}:{error.lineno}: not JSON ({error.msg}).") from None
        return published


def _published_lines(lines: list[str], task: str | None) -> Any:
    """The published layout: types, roles or relations, type → roles; one JSON value a line."""
    try:
        values = [json.loads(line) for line in lines]
    except json.JSONDecodeError:
        return None
    if task and get_task(task).name == "KG":
        return values[2] if len(values) > 2 else None
    family = get_task(task).family if task else "event" if len(values) > 2 and values[2] else None
    if task and get_task(task).name == "SPO":
        return [_parted(triple, values[1]) for triple in values[0]]
    if family == "relation":
        return values[1]
    if family == "event" and len(values) > 2 and values[2]:
        return values[2]
    return values[0]


def _parted(triple: str, predicates: Sequence[str]) -> tuple[str, ...]:
    """`Ship_sails to_Port` → its three parts; as it is where it holds no known predicate between two types."""
    found = (triple.partition(f"_{predicate}_") for predicate in sorted(predicates, key=len, reverse=True))
    return next(((s, between[1:-1], o) for s, between, o in found if s and o), (triple,))
