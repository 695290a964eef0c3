"""The tasks: what each may ask, how gold is written as an answer, how an answer is read back.

A task is one class below and nothing else: `corpus.py` and `extraction/` know only the methods of `Task`. Formats and
instruction sentences are those of the published corpus (arXiv 2402.14710); released adapters were trained on them.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from .errors import IEPileError
from .records import Record, Relation

T = TypeVar("T")

NAN = "NAN"  # how the format writes a trigger or an argument that is not there
MENTION: dict[str, Any] = {"type": "string"}
_MENTION_OR_NAN: dict[str, Any] = {"anyOf": [{"const": NAN}, MENTION]}
_ONE_OR_MORE: dict[str, Any] = {"anyOf": [MENTION, {"type": "array", "items": MENTION, "minItems": 2}]}


class Triple(NamedTuple):
    """A typed relation: what SPO asks for."""

    subject_type: str
    predicate: str
    object_type: str


@dataclass(frozen=True)
class Schema:
    """All that may be asked of a source, each part in its declared order.

    `event_types` maps a type to its roles, `role_values` an enumerated role to its values, `attributes` (for KG) an
    entity type to its attributes.
    """

    entity_types: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    triples: tuple[Triple, ...] = ()
    event_types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    role_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Option = Hashable  # one thing that a task can ask for: a label, or for SPO a Triple
Items = dict[str, list[tuple[str, ...]]]  # facet ("entity", "trigger", …) → what was found, as tuples


class Task(ABC):
    """One task of the format. `split_num` is the most options that one instruction asks for."""

    name: str
    family: str  # the field of the record that it reads: entity, relation or event
    split_num: int
    instruction: Mapping[str, str]
    facets: tuple[str, ...]  # which facets of `items` are scored
    asks_negatives = True
    entry_shows_gold = False  # whether an entry of the instruction's schema depends on the answer
    keyed_by = ""  # the field that names an entry of the instruction's schema, where an entry is no plain string

    @abstractmethod
    def options(self, schema: Schema) -> tuple[Option, ...]:
        """All that can be asked, in the declared order."""

    @abstractmethod
    def gold(self, record: Record, schema: Schema) -> dict[Option, Any]:
        """What the record holds: option → answer, for the options with an answer only, in the order of the text."""

    @abstractmethod
    def items(self, answer: Mapping[str, Any]) -> Items:
        """Read an answer back. Never raises: what has not the task's shape is left out."""

    def key(self, option: Option) -> str:
        """The key that stands for the option in the answer."""
        return str(option)

    def entry(self, option: Option, schema: Schema, answer: Any) -> Any:
        """The option as an entry of the instruction's schema; `answer` is its gold, or None."""
        return option

    def entry_key(self, entry: Any) -> str:
        """The key that an entry of the instruction's schema has in the answer.

        Raises:
            KeyError, TypeError: where it is not an entry of this task.
        """
        key = entry[self.keyed_by] if self.keyed_by else entry
        if not isinstance(key, str):
            raise TypeError(f"{self.name} has no schema entry {entry!r}")
        return key

    def described(self, entries: Sequence[Any], descriptions: Mapping[str, str]) -> Any:
        """The instruction's schema with what is meant by its labels, as OneKE reads it.

        Args:
            entries: of one batch.
            descriptions: label → what is meant by it; `<label>.<role>`, or a role alone, for roles and attributes.

        Returns:
            Label → description in place of the list of entries, or roles → descriptions in an entry; the list where
            nothing in it is described.
        """
        if not any(isinstance(entry, str) and entry in descriptions for entry in entries):
            return list(entries)
        return {entry: descriptions.get(entry, "") for entry in entries}

    def listed(self, schema: Any) -> list[Any]:
        """The entries of an instruction's schema: the inverse of `described`.

        Raises:
            KeyError, TypeError, AttributeError: where it is not a schema of this task.
        """
        return list(schema)

    def shape(self, entry: Any) -> dict[str, Any]:
        """JSON Schema of the answer to one schema entry; a plain string in it is a mention, a constant is not.

        What reads it (`extraction/parsing.py`, `extraction/constraints.py`) knows const, enum, anyOf, string, array
        and two kinds of object: one with `properties` (those not `required` may be left out), and one whose keys are
        mentions (`propertyNames`).
        """
        return {"type": "array", "items": MENTION}

    def empty(self) -> Any:
        """The answer for an option that the text does not have."""
        return []

    def ask(self, text: str, language: str, entries: Any) -> str:
        """The `instruction` string for schema entries that are already made."""
        if language not in self.instruction:
            raise IEPileError(f"{self.name} has no instruction in the language {language!r}; there are: en, zh.")
        return instruction_string(to_json(self.instruction[language]), to_json(entries), to_json(text))

    def answer(self, answers: Mapping[str, Any]) -> str:
        """The `output` string."""
        return to_json(answers)


class NER(Task):
    """`["person"]` → `{"person": ["mention", …]}`."""

    name, family, split_num, facets = "NER", "entity", 6, ("entity",)
    instruction = {
        "en": "You are an expert in named entity recognition. Please extract entities that match the schema "
        "definition from the input. Return an empty list if the entity type does not exist. Please respond in the "
        "format of a JSON string.",
        "zh": "你是专门进行实体抽取的专家。请从input中抽取出符合schema定义的实体，不存在的实体类型返回空列表。"
        "请按照JSON字符串的格式回答。",
    }

    def options(self, schema: Schema) -> tuple[Option, ...]:
        return schema.entity_types

    def gold(self, record: Record, schema: Schema) -> dict[Option, Any]:
        text = record.text
        entities = _sorted(record.entity, lambda e: _place(text, e.entity))
        return _grouped((e.entity_type, e.entity) for e in entities)

    def items(self, answer: Mapping[str, Any]) -> Items:
        return {"entity": [(key, m) for key, mentions in answer.items() for m in _strings(mentions)]}


class RE(Task):
    """`["place of birth"]` → `{"place of birth": [{"subject": "…", "object": "…"}]}`."""

    name, family, split_num, facets = "RE", "relation", 4, ("relation",)
    instruction = {
        "en": "You are an expert in relationship extraction. Please extract relationship triples that match the "
        "schema definition from the input. Return an empty list for relationships that do not exist. Please "
        "respond in the format of a JSON string.",
        "zh": "你是专门进行关系抽取的专家。请从input中抽取出符合schema定义的关系三元组，不存在的关系返回空列表。"
        "请按照JSON字符串的格式回答。",
    }

    def options(self, schema: Schema) -> tuple[Option, ...]:
        return schema.relations

    def gold(self, record: Record, schema: Schema) -> dict[Option, Any]:
        text = record.text
        relations = _sorted(record.relation, lambda r: (_place(text, r.head), _place(text, r.tail)))
        grouped = _grouped((self._option(r), (r.head, r.tail)) for r in relations)
        return {option: [{"subject": s, "object": o} for s, o in pairs] for option, pairs in grouped.items()}

    def _option(self, relation: Relation) -> Option:
        return relation.relation

    def shape(self, entry: Any) -> dict[str, Any]:
        return {"type": "array", "items": _object({"subject": MENTION, "object": MENTION})}

    def items(self, answer: Mapping[str, Any]) -> Items:
        return {
            "relation": [
                (pair["subject"], key, pair["object"])
                for key, pairs in answer.items()
                for pair in _dicts(pairs)
                if isinstance(pair.get("subject"), str) and isinstance(pair.get("object"), str)
            ]
        }


class SPO(RE):
    """Typed triples: the same answer as RE, keyed by predicate; one predicate stands once in a batch."""

    name = "SPO"
    keyed_by = "predicate"

    def options(self, schema: Schema) -> tuple[Option, ...]:
        return schema.triples

    def _option(self, relation: Relation) -> Option:
        return Triple(relation.head_type, relation.relation, relation.tail_type)

    def key(self, option: Option) -> str:
        assert isinstance(option, Triple)
        return option.predicate

    def entry(self, option: Option, schema: Schema, answer: Any) -> Any:
        assert isinstance(option, Triple)
        return option._asdict()


class EE(Task):
    """Event types with their roles → triggers with their arguments."""

    name, family, split_num = "EE", "event", 4
    facets: tuple[str, ...] = ("trigger", "argument", "pair")
    keyed_by = "event_type"
    instruction = {
        "en": "You are an expert in event extraction. Please extract events from the input that conform to the schema "
        "definition. Return an empty list for events that do not exist, and return NAN for arguments that do not "
        "exist. If an argument has multiple values, please return a list. Respond in the format of a JSON string.",
        "zh": "你是专门进行事件提取的专家。请从input中抽取出符合schema定义的事件，不存在的事件返回空列表，"
        "不存在的论元返回NAN，如果论元存在多值请返回列表。请按照JSON字符串的格式回答。",
    }

    def options(self, schema: Schema) -> tuple[Option, ...]:
        return tuple(schema.event_types)

    def gold(self, record: Record, schema: Schema) -> dict[Option, Any]:
        text = record.text
        grouped: dict[Option, Any] = {}
        for event in _sorted(record.event, lambda e: _place(text, e.event_trigger)):
            arguments = _sorted(event.arguments, lambda a: _place(text, a.argument))
            values = _grouped((a.role, a.argument) for a in arguments)
            roles = {role: _one_or_list(values.get(role, ())) for role in schema.event_types[event.event_type]}
            grouped.setdefault(event.event_type, []).append(
                {"trigger": event.event_trigger or NAN, "arguments": roles if values else {}}
            )
        return grouped

    def entry(self, option: Option, schema: Schema, answer: Any) -> Any:
        return {"event_type": option, "trigger": True, "arguments": list(schema.event_types[str(option)])}

    def shape(self, entry: Any) -> dict[str, Any]:
        value = {"anyOf": [{"const": NAN}, *_ONE_OR_MORE["anyOf"]]}
        roles = _object({role: value for role in entry["arguments"]})
        none: dict[str, Any] = {"const": {}}
        arguments = {"anyOf": [none, roles]} if entry["arguments"] else none
        return {"type": "array", "items": _object({"trigger": self._trigger(entry), "arguments": arguments})}

    def described(self, entries: Sequence[Any], descriptions: Mapping[str, str]) -> Any:
        known = [_members_described(entry, "event_type", "arguments", descriptions) for entry in entries]
        names = [entry["event_type"] for entry in known]
        if not any(name in descriptions for name in names):
            return known
        return {
            n: {n: descriptions.get(n, ""), **_without(e, "event_type")} for n, e in zip(names, known, strict=True)
        }

    def listed(self, schema: Any) -> list[Any]:
        if not isinstance(schema, Mapping):
            return list(schema)
        fields = ("trigger", "arguments")
        return [{"event_type": n, **{f: of[f] for f in fields if f in of}} for n, of in schema.items()]

    def _trigger(self, entry: Any) -> dict[str, Any]:
        return _MENTION_OR_NAN

    def items(self, answer: Mapping[str, Any]) -> Items:
        items: Items = {"trigger": [], "argument": [], "pair": []}  # a pair is an argument with its event's trigger
        for key, events in answer.items():
            for event in _dicts(events):
                trigger = event["trigger"] if isinstance(event.get("trigger"), str) else NAN
                if trigger != NAN:
                    items["trigger"].append((key, trigger))
                for role, values in _items(event.get("arguments")):
                    for value in [values] if isinstance(values, str) else _strings(values):
                        if value != NAN:
                            items["argument"].append((key, value, role))
                            items["pair"].append((key, trigger, value, role))
        return items


class EEA(EE):
    """As EE, but the event types and triggers are given and the arguments asked for."""

    name, facets = "EEA", ("argument", "pair")
    asks_negatives = False
    entry_shows_gold = True
    instruction = {
        "en": "You are an expert in event argument extraction. Please extract event arguments and their roles from "
        "the input that conform to the schema definition, which already includes event trigger words. If an "
        "argument does not exist, return NAN or an empty dictionary. Please respond in the format of a JSON string.",
        "zh": "你是专门进行事件论元提取的专家。请从input中抽取出符合schema定义的事件论元及论元角色，"
        "不存在的论元返回NAN或空字典，如果论元存在多值请返回列表。请按照JSON字符串的格式回答。",
    }

    def entry(self, option: Option, schema: Schema, answer: Any) -> Any:
        roles = list(schema.event_types[str(option)])
        if answer is None:
            return {"event_type": option, "arguments": roles}
        # One trigger an event, as published: two events may share their word.
        triggers = [event["trigger"] for event in answer if event["trigger"] != NAN]
        return {"event_type": option, "trigger": triggers, "arguments": roles}

    def _trigger(self, entry: Any) -> dict[str, Any]:
        # The published test rows leave the triggers out; a record may have none to give.
        given = entry.get("trigger")
        known = isinstance(given, list) and given
        return {"anyOf": [{"const": NAN}, {"enum": given}]} if known else _MENTION_OR_NAN


class EET(Task):
    """`["event type"]` → `{"event type": ["trigger", …]}`."""

    name, family, split_num, facets = "EET", "event", 4, ("trigger",)
    instruction = {
        "en": "You are an expert in event extraction. Please extract event types and event trigger words from the "
        "input that conform to the schema definition. Return an empty list for non-existent events. Please respond in "
        "the format of a JSON string.",
        "zh": "你是专门进行事件提取的专家。请从input中抽取出符合schema定义的事件类型及事件触发词，"
        "不存在的事件返回空列表。请按照JSON字符串的格式回答。",
    }

    def options(self, schema: Schema) -> tuple[Option, ...]:
        return tuple(schema.event_types)

    def gold(self, record: Record, schema: Schema) -> dict[Option, Any]:
        # One trigger an event, as published: unlike a mention it is not listed once a type.
        triggers: dict[Option, Any] = {}
        for event in _sorted(record.event, lambda e: _place(record.text, e.event_trigger)):
            triggers.setdefault(event.event_type, []).append(event.event_trigger or NAN)
        return triggers

    def items(self, answer: Mapping[str, Any]) -> Items:
        return {"trigger": [(key, t) for key, triggers in answer.items() for t in _strings(triggers) if t != NAN]}


class KG(Task):
    """Entity types with their attributes → entities with the values of those that they have.

    Reads relations: the head is the entity, the relation its attribute, the tail a value. A relation that is no
    attribute of its head's type is left out; one without a head type is of the type that alone has the attribute.
    """

    name, family, split_num, facets = "KG", "relation", 1, ("attribute",)
    keyed_by = "entity_type"
    instruction = {
        "en": "You are an expert in structured knowledge systems for graph entities. Based on the schema description "
        "of the input entity type, you extract the corresponding entity instances and their attribute information "
        "from the text. Attributes that do not exist should not be output. If an attribute has multiple values, a "
        "list should be returned. The results should be output in a parsable JSON format.",
        "zh": "你是一个图谱实体知识结构化专家。根据输入实体类型(entity type)的schema描述，从文本中抽取出相应的实体"
        "实例和其属性信息，不存在的属性不输出, 属性存在多值就返回列表，并输出为可解析的json格式。",
    }

    def options(self, schema: Schema) -> tuple[Option, ...]:
        return tuple(schema.attributes)

    def gold(self, record: Record, schema: Schema) -> dict[Option, Any]:
        text = record.text
        found: dict[Option, dict[str, dict[str, list[str]]]] = {}
        for r in _sorted(record.relation, lambda r: (_place(text, r.head), _place(text, r.tail))):
            types = [r.head_type] if r.head_type else schema.attributes
            owners = [name for name in types if r.relation in schema.attributes.get(name, ())]
            if len(owners) == 1:
                values = found.setdefault(owners[0], {}).setdefault(r.head, {}).setdefault(r.relation, [])
                if r.tail not in values:
                    values.append(r.tail)
        return {
            option: {
                entity: {name: _one_or_list(values[name]) for name in schema.attributes[str(option)] if name in values}
                for entity, values in entities.items()
            }
            for option, entities in found.items()
        }

    def entry(self, option: Option, schema: Schema, answer: Any) -> Any:
        return {"entity_type": option, "attributes": list(schema.attributes[str(option)])}

    def described(self, entries: Sequence[Any], descriptions: Mapping[str, str]) -> Any:
        return [_members_described(entry, "entity_type", "attributes", descriptions) for entry in entries]

    def empty(self) -> Any:
        return {}

    def shape(self, entry: Any) -> dict[str, Any]:
        attributes = dict.fromkeys(entry["attributes"], _ONE_OR_MORE)
        one = {"type": "object", "properties": attributes, "additionalProperties": False, "minProperties": 1}
        return {"type": "object", "propertyNames": MENTION, "additionalProperties": one}

    def items(self, answer: Mapping[str, Any]) -> Items:
        return {
            "attribute": [
                (key, entity, name, value)
                for key, entities in answer.items()
                for entity, attributes in _items(entities)
                for name, values in _items(attributes)
                for value in ([values] if isinstance(values, str) else _strings(values))
            ]
        }


TASKS: Mapping[str, Task] = {task.name: task for task in (NER(), RE(), EE(), EET(), EEA(), SPO(), KG())}


def get_task(name: str) -> Task:
    """The task of that name, in any case.

    Raises:
        IEPileError: if there is none.
    """
    try:
        return TASKS[name.upper()]
    except KeyError:
        raise IEPileError(f"There is no task {name!r}; the tasks are {', '.join(TASKS)}.") from None


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


# As `json.dumps` writes, which makes a new encoder at every call.
to_json: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False).encode


def instruction_string(sentence: str, schema: str, text: str) -> str:
    """The `instruction` string of a row, from parts that are JSON already."""
    return f'{{"instruction": {sentence}, "schema": {schema}, "input": {text}}}'


def _place(text: str, mention: str) -> int:
    """Where the mention first occurs; behind the text where it does not."""
    place = text.find(mention) if mention else -1
    return place if place >= 0 else len(text)


def _sorted(items: Sequence[T], place: Callable[[T], Any]) -> Sequence[T]:
    """In the order of their places; ties keep the order of the annotation. Most texts have one or none."""
    return sorted(items, key=place) if len(items) > 1 else items


def _grouped(found: Iterable[tuple[Any, Any]]) -> dict[Option, Any]:
    """Option → its distinct items in order."""
    grouped: dict[Option, Any] = {}
    for option, item in found:
        items = grouped.setdefault(option, [])
        if item not in items:
            items.append(item)
    return grouped


def _members_described(entry: Any, named: str, listed: str, descriptions: Mapping[str, str]) -> Any:
    """The entry with its roles or attributes as a mapping to their descriptions, where one has any."""
    found = {m: descriptions.get(f"{entry[named]}.{m}") or descriptions.get(m, "") for m in entry[listed]}
    return {**entry, listed: found} if any(found.values()) else entry


def _without(entry: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != field}


def _one_or_list(values: Any) -> Any:
    return NAN if not values else values[0] if len(values) == 1 else list(values)


def _strings(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


def _dicts(value: Any) -> list[Any]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []
