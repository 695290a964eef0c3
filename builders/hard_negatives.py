"""The hard negatives of any schema: for each label those that a model would take for it, found from the schema itself.

The labels are clustered by what they have in common (`label_signals.py`, `clusters.py`); the other labels of its
cluster are a label's hard negatives. `else` and its kind, which stand for whatever no other label names, are linked to
every label, and so are labels that a model was seen to confuse. Without an encoder, records or confusions the outcome
depends on the schema and the native names alone, so that a build gives the same whatever else is installed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import sqrt
from pathlib import Path
from typing import Any

import orjson

from . import kinds, label_signals
from .clusters import cluster
from .errors import FormatError
from .label_signals import KindsOf, Label, Signal
from .mentions import mention_signal
from .readers.lines import read_json
from .records import Record
from .tasks import Option, Schema, Task, Triple, get_task

# Clusters, as multiples of the root of the number of labels. A task that asks for fewer at once has smaller clusters.
FEWEST = 0.5
MOST = 7.5  # by split_num: 1.25 for NER, 1.9 for relations and events
LARGEST = 16  # the most labels in a cluster, so a label has at most 15 negatives by likeness
FOR_A_LONE_LABEL = 3  # the most for one that is in no cluster
MOST_CONFUSED = 5  # the most that it has beside them by confusion
FEWEST_CONFUSIONS = 2  # one may be an accident
ELSE = frozenset({"else", "other", "others", "misc", "miscellaneous", "no_relation", "其他", "其它"})

Negatives = dict[str, tuple[str, ...]]
Dictionary = dict[str, dict[str, Negatives]]  # task → source → label → labels
Pair = tuple[Option, Option]


def hard_negatives(
    task: str, schema: Schema, native: Mapping[str, str | Sequence[str]] | None = None, **evidence: Any
) -> dict[Option, tuple[Option, ...]]:
    """For every option of the task its hard negatives, both in the schema's order.

    The order of the schema changes the order of the outcome, never its contents; b is a negative of a exactly where a
    is one of b.

    Args:
        task: NER, RE, SPO, EE, EET or EEA.
        schema: all that may be asked of the source.
        native: label → its name or names in the native files, which often tell more (`/people/person/place_lived`).
        evidence: what else is known, as `Finder` takes it: `kinds_of`, `records`, `confusions`, `by_hand`.
    """
    return Finder(get_task(task), schema, native or {}, **evidence).negatives


@dataclass(frozen=True)
class Finder:
    """Finds the hard negatives of one schema, and says why.

    Attributes:
        task: what is asked.
        schema: all that may be asked of the source.
        native: label → its name or names in the native files.
        kinds_of: a label's kinds; an encoder's guess (`label_encoders.py`) in place of the lexicon alone.
        records: annotated records, in which strings may carry either of two labels.
        confusions: (right label, what a model said) → how often (`extraction/confusions.py`).
        by_hand: (label, label) → whether people want the two linked (`source_negatives.py`); it has the last word.
        without: signals to leave out, for measuring.
    """

    task: Task
    schema: Schema
    native: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    kinds_of: KindsOf = kinds.kinds_of
    records: Iterable[Record] = ()
    confusions: Mapping[tuple[str, str], int] = field(default_factory=dict)
    by_hand: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    without: Sequence[str] = ()

    @cached_property
    def negatives(self) -> dict[Option, tuple[Option, ...]]:
        """Each option's hard negatives, in the schema's order."""
        found: dict[Option, set[Option]] = {option: set() for option in self._options}
        for a, b in (*self._else_pairs, *self._alike_pairs, *self._confused):
            found[a].add(b)
            found[b].add(a)
        for (a, b), linked in self._decided.items():
            for option, other in ((a, b), (b, a)):
                (found[option].add if linked else found[option].discard)(other)
        return {option: tuple(o for o in self._options if o in found[option]) for option in self._options}

    def why(self, option: Option, negative: Option) -> str:
        """Why one is a hard negative of the other, in a phrase."""
        reasons = []
        if self._decided.get((option, negative), self._decided.get((negative, option))):
            reasons.append("added by hand")
        if times := self._confused.get((option, negative)) or self._confused.get((negative, option)):
            reasons.append(f"a model took one for the other {times} times")
        if _is_else(option) or _is_else(negative):
            reasons.append(f"{_words(option if _is_else(option) else negative)!r} is whatever has no other label")
        else:
            i, j = self._places[option], self._places[negative]
            reasons += [label_signals.phrase(signal.shared(i, j)) for signal in self._signals.values()]
        return "; ".join(filter(None, reasons)) or self._indirectly(option, negative)

    def _indirectly(self, option: Option, negative: Option) -> str:
        """Two labels of a cluster may have nothing in common but a third, or nothing at all."""
        like = self._similarity
        i, j = self._places[option], self._places[negative]
        between = max(range(len(like)), key=lambda k: (min(like[i][k], like[k][j]) if k not in (i, j) else -1.0, -k))
        if between not in (i, j) and min(like[i][between], like[between][j]) > 0:
            return f"both are like {_words(self._alike[between])!r}"
        return "nothing parts them"

    @cached_property
    def _options(self) -> tuple[Option, ...]:
        return self.task.options(self.schema)

    @cached_property
    def _alike(self) -> list[Option]:
        """The options to cluster, in an order of their own."""
        return sorted((o for o in self._options if not _is_else(o)), key=_parts)

    @cached_property
    def _places(self) -> dict[Option, int]:
        return {option: place for place, option in enumerate(self._alike)}

    @cached_property
    def _signals(self) -> dict[str, Signal]:
        labels = [self._label(option) for option in self._alike]
        makers: dict[str, Callable[[Sequence[Label]], Signal]] = {
            "parents": label_signals.parents,
            "types": partial(label_signals.types, kinds_of=self.kinds_of),
            "roles": label_signals.roles,
            "kinds": partial(label_signals.kinds, kinds_of=self.kinds_of),
            "words": label_signals.words,
            "mentions": lambda _: mention_signal(self.task, self.schema, self._alike, self.records),
        }
        left_out = {*self.without, *(() if self.records else ("mentions",))}
        return {name: make(labels) for name, make in makers.items() if name not in left_out}

    @cached_property
    def _similarity(self) -> label_signals.Matrix:
        """The sum of the signals; they are not weighted, since no weights did better where it was measured."""
        rows = zip(*(signal.similarity for signal in self._signals.values()), strict=True)
        return [[sum(cell) for cell in zip(*row, strict=True)] for row in rows]

    @cached_property
    def _alike_pairs(self) -> list[Pair]:
        root = sqrt(len(self._alike))
        clusters = cluster(self._similarity, FEWEST * root, MOST / self.task.split_num * root, LARGEST)
        pairs = [(i, j) for members in clusters for i in members for j in members if i < j]
        for i in (i for members in clusters if len(members) == 1 for i in members):
            pairs += [(i, j) for j in self._nearest(i, {j: len(members) for members in clusters for j in members})]
        return [(self._alike[i], self._alike[j]) for i, j in pairs]

    def _nearest(self, i: int, sizes: Mapping[int, int]) -> list[int]:
        """What a label that no cluster took is linked to: those most like it, then those of small clusters."""
        like = self._similarity[i]
        # Every label has a negative; where `else` is one, none is forced on a label that is like no other.
        others = [j for j in range(len(like)) if j != i and (like[j] > 0 or len(self._alike) == len(self._options))]
        return sorted(others, key=lambda j: (-round(like[j], 9), sizes[j], j))[:FOR_A_LONE_LABEL]

    @cached_property
    def _else_pairs(self) -> list[Pair]:
        return [(a, b) for a in self._options if _is_else(a) for b in self._options if a != b]

    @cached_property
    def _confused(self) -> dict[Pair, int]:
        """The most frequent confusions, a few for each label."""
        times: Counter[Pair] = Counter()
        for names, count in self.confusions.items():
            times.update(dict.fromkeys(self._pairs(*names), count))
        kept: dict[Pair, int] = {}
        degree: Counter[Option] = Counter()
        for (a, b), count in sorted(times.items(), key=lambda item: (-item[1], *map(_parts, item[0]))):
            if count >= FEWEST_CONFUSIONS and max(degree[a], degree[b]) < MOST_CONFUSED:
                kept[a, b] = count
                degree.update((a, b))
        return kept

    @cached_property
    def _decided(self) -> dict[Pair, bool]:
        return {pair: linked for names, linked in self.by_hand.items() for pair in self._pairs(*names)}

    def _pairs(self, name: str, other: str) -> set[Pair]:
        """The options of two names, each pair in one order only; several typed relations may share a name."""
        pairs = ((a, b) for a in self._named.get(name, ()) for b in self._named.get(other, ()) if a != b)
        return {(a, b) if _parts(a) < _parts(b) else (b, a) for a, b in pairs}

    @cached_property
    def _named(self) -> dict[str, list[Option]]:
        named: dict[str, list[Option]] = {}
        for option in self._options:
            for name in {self.task.key(option), option_name(option)}:
                named.setdefault(name, []).append(option)
        return named

    def _label(self, option: Option) -> Label:
        name = _words(option)
        native = self.native.get(name, ())
        native = (native,) if isinstance(native, str) else tuple(native)
        if isinstance(option, Triple):
            return Label(name, native, ((option.subject_type, option.object_type),))
        triples = self.schema.triples if self.task.family == "relation" else ()
        types = tuple(sorted((t.subject_type, t.object_type) for t in triples if t.predicate == name))
        roles = self.schema.event_types.get(name, ()) if self.task.family == "event" else ()
        roles = self.schema.attributes.get(name, ()) if self.task.name == "KG" else roles
        return Label(name, native, types, tuple(sorted(roles)))


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


def write_dictionary(path: Path, dictionary: Mapping[str, Any] | Mapping[Option, Any]) -> None:
    """Write either form; a typed relation stands as `subject_predicate_object`, as published."""
    path.write_bytes(orjson.dumps(_plain(dictionary), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def option_name(option: Option) -> str:
    """How the published files write an option."""
    return "_".join(_parts(option))


def _parts(option: Option) -> tuple[str, ...]:
    return tuple(option) if isinstance(option, Triple) else (str(option),)


def _words(option: Option) -> str:
    return option.predicate if isinstance(option, Triple) else str(option)


def _is_else(option: Option) -> bool:
    return _words(option).lower() in ELSE


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
