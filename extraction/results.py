"""What an extraction gives: entities, relations and events, each mention with its place in the text."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .grounding import Mention


@dataclass(frozen=True)
class Entity:
    """A typed mention; `confidence` lies between 0 and 1, None where the backend gives no probabilities."""

    type: str
    mention: Mention
    confidence: float | None = None


@dataclass(frozen=True)
class Relation:
    """A triple; the types stand where they were asked for."""

    subject: Mention
    relation: str
    object: Mention
    subject_type: str = ""
    object_type: str = ""
    confidence: float | None = None


@dataclass(frozen=True)
class Argument:
    """What fills a role of an event."""

    role: str
    mention: Mention
    confidence: float | None = None


@dataclass(frozen=True)
class Event:
    """A typed event; it may have no trigger."""

    type: str
    trigger: Mention | None
    arguments: tuple[Argument, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class Result:
    """All that was found in one text.

    Attributes:
        answer: the merged answer of all schema batches, in the format's own shape.
        notes: what a reader of the result should know: answers that were mended or cut, mentions not in the text.
    """

    text: str
    task: str
    language: str
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    events: tuple[Event, ...] = ()
    answer: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()

    def mentions(self) -> Iterator[tuple[str, Mention]]:
        """(label, mention) of all that was found: the entity's type, subject or object, the event's type or role."""
        for entity in self.entities:
            yield entity.type, entity.mention
        for relation in self.relations:
            yield relation.subject_type or f"{relation.relation}: subject", relation.subject
            yield relation.object_type or f"{relation.relation}: object", relation.object
        for event in self.events:
            if event.trigger:
                yield event.type, event.trigger
            for argument in event.arguments:
                yield f"{event.type}: {argument.role}", argument.mention

    def to_dict(self) -> dict[str, Any]:
        """For programs; offsets are of characters, end exclusive, None where the text does not hold the mention."""
        return {
            "text": self.text,
            "task": self.task,
            "language": self.language,
            "entities": [{"type": e.type, **_placed(e.mention), **_sure(e)} for e in self.entities],
            "relations": [_relation(r) for r in self.relations],
            "events": [
                {
                    "type": e.type,
                    "trigger": _placed(e.trigger) if e.trigger else None,
                    "arguments": [{"role": a.role, **_placed(a.mention), **_sure(a)} for a in e.arguments],
                    **_sure(e),
                }
                for e in self.events
            ],
            "notes": list(self.notes),
        }

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def to_records(self) -> dict[str, Any]:
        """The record of the corpus: its published field names, as `builders.records.Record.from_dict` reads them."""
        return {
            "text": self.text,
            "entity": [
                {"entity": e.mention.text, "entity_type": e.type, **_offsets(e.mention)} for e in self.entities
            ],
            "relation": [
                {
                    "head": r.subject.text,
                    "head_type": r.subject_type,
                    "relation": r.relation,
                    "tail": r.object.text,
                    "tail_type": r.object_type,
                    **_offsets(r.subject, "head_"),
                    **_offsets(r.object, "tail_"),
                }
                for r in self.relations
            ],
            "event": [
                {
                    "event_trigger": e.trigger.text if e.trigger else "",
                    "event_type": e.type,
                    **(_offsets(e.trigger) if e.trigger else {}),
                    "arguments": [
                        {"argument": a.mention.text, "role": a.role, **_offsets(a.mention)} for a in e.arguments
                    ],
                }
                for e in self.events
            ],
        }

    def to_triples(self) -> list[tuple[str, str, str]]:
        """(node, edge, node), ready for `networkx.DiGraph`-like graphs: `graph.add_edge(s, o, label=r)`.

        Relations as they are; an event's arguments hang from its trigger, or its type where it has none.
        """
        triples = [(r.subject.text, r.relation, r.object.text) for r in self.relations]
        for event in self.events:
            node = event.trigger.text if event.trigger else event.type
            triples += [(node, a.role, a.mention.text) for a in event.arguments]
        return triples

    def to_networkx(self) -> Any:
        """A `networkx.MultiDiGraph` of `to_triples`; networkx must be installed."""
        import networkx

        graph = networkx.MultiDiGraph()
        for subject, relation, obj in self.to_triples():
            graph.add_edge(subject, obj, label=relation)
        return graph

    def to_spacy(self, nlp: Any = None) -> Any:
        """A spaCy `Doc` with the mentions as the span group `iepile`; spaCy must be installed.

        Args:
            nlp: the pipeline whose tokenizer is used, a blank one of the result's language if None.
        """
        import spacy

        doc = (nlp or spacy.blank(self.language)).make_doc(self.text)
        spans = [doc.char_span(m.start, m.end, label, alignment_mode="expand") for label, m in self._supported()]
        doc.spans["iepile"] = [span for span in spans if span is not None]
        return doc

    def segments(self) -> list[tuple[str, str | None]]:
        """The whole text in order, cut into (stretch, label); None for what is no mention.

        Of mentions that overlap, the one that starts first is shown, and of those the longest.
        """
        pieces: list[tuple[str, str | None]] = []
        done = 0
        for label, mention in sorted(self._supported(), key=lambda pair: (pair[1].start, -(pair[1].end or 0))):
            assert mention.start is not None and mention.end is not None
            if mention.start >= done:
                pieces += [(self.text[done : mention.start], None), (self.text[mention.start : mention.end], label)]
                done = mention.end
        return [piece for piece in (*pieces, (self.text[done:], None)) if piece[0]]

    def to_html(self) -> str:
        """The text as HTML with each mention marked; whatever the text holds is escaped."""
        pieces = (
            html.escape(text) if label is None else f'<mark title="{html.escape(label)}">{html.escape(text)}</mark>'
            for text, label in self.segments()
        )
        return f"<p>{''.join(pieces)}</p>"

    def _supported(self) -> Iterator[tuple[str, Mention]]:
        return ((label, mention) for label, mention in self.mentions() if mention.start is not None)


def _offsets(mention: Mention, prefix: str = "") -> dict[str, int]:
    if mention.start is None or mention.end is None:
        return {}
    return {f"{prefix}start": mention.start, f"{prefix}end": mention.end}


def _placed(mention: Mention) -> dict[str, Any]:
    return {"text": mention.text, "start": mention.start, "end": mention.end, "match": mention.match}


def _sure(item: Entity | Relation | Argument | Event) -> dict[str, float]:
    return {} if item.confidence is None else {"confidence": round(item.confidence, 4)}


def _relation(relation: Relation) -> dict[str, Any]:
    types = {"subject_type": relation.subject_type, "object_type": relation.object_type}
    return {
        "relation": relation.relation,
        "subject": _placed(relation.subject),
        "object": _placed(relation.object),
        **{name: value for name, value in types.items() if value},
        **_sure(relation),
    }
