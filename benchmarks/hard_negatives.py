"""How far our hard negatives agree with the visible part of the published dictionary, and what each signal brings.

    python benchmarks/hard_negatives.py ../shared

F1 over (label, negative) pairs, in percent: micro over all pairs of a task's sources, and the mean of the sources.
Whatever is chosen by its score is chosen on the other sources than the one that it is scored on. The encoder's lines
need the extra `negatives`, the mentions' the native files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
from iepile.builders import hard_negatives, kinds, label_encoders
from iepile.builders.errors import IEPileError
from iepile.builders.hard_negatives import Finder
from iepile.builders.records import Record
from iepile.builders.source import Source, load_sources
from iepile.builders.source_negatives import native_names
from iepile.builders.tasks import Schema, Triple, get_task

TASKS = ("NER", "RE", "EE")
SIGNALS = ("words", "kinds", "parents", "types", "roles")
READ_AT_MOST = 20_000  # records of a split, for the mentions

Pairs = set[tuple[str, str]]
Method = Callable[["Case"], Pairs]


@dataclass(frozen=True)
class Case:
    """One source of the published dictionary: what is known of it, and its published pairs."""

    task: str
    key: str
    bare: Schema  # the labels alone
    schema: Schema  # with the types or roles that the source declares
    native: Mapping[str, tuple[str, ...]]
    gold: Pairs
    source: Source | None

    @property
    def labels(self) -> tuple[str, ...]:
        return self.schema.entity_types or self.schema.relations or tuple(self.schema.event_types)


def cases(reference: Path) -> Iterator[Case]:
    """Yield every source of the visible part."""
    part = json.loads((reference / "iepile_hard_negatives_part.json").read_text())
    typed = json.loads((reference / "iepile_label_names.json").read_text())["SPO"]
    by_key = {source.key: source for source in load_sources().values() if source.key}
    for task, sources in part.items():
        for key, negatives in sources.items():
            source = by_key.get(key)
            names = tuple(negatives)
            bare = {
                "NER": Schema(entity_types=names),
                "RE": Schema(relations=names),
                "EE": Schema(event_types=dict.fromkeys(names, ())),
            }[task]
            triples = source.schema.triples if source else ()
            if not triples and task == "RE":
                triples = tuple(Triple(s, p.rstrip("_"), o) for s, p, o in map(_parted, typed.get(key, ())))
            roles = source.schema.event_types if source else {}
            yield Case(
                task=task,
                key=key,
                bare=bare,
                schema=replace(bare, triples=triples, event_types={n: roles.get(n, ()) for n in bare.event_types}),
                native=native_names(source) if source else {},
                gold={(label, n) for label, others in negatives.items() for n in others if n != label},
                source=source,
            )


def ours(case: Case, bare: bool = False, **evidence: Any) -> Pairs:
    """Our method."""
    schema, native = (case.bare, {}) if bare else (case.schema, case.native)
    found = Finder(get_task(case.task), schema, native, **evidence).negatives
    return {(str(label), str(other)) for label, others in found.items() for other in others}


def all_pairs(case: Case) -> Pairs:
    """The first trivial baseline."""
    return {(a, b) for a in case.labels for b in case.labels if a != b}


def above(case: Case, threshold: float, encode: label_encoders.Encode) -> Pairs:
    """The second: pairs whose cosine is above a threshold."""
    vectors = encode(case.labels)
    like = (vectors @ vectors.T).tolist()
    n = range(len(case.labels))
    return {(case.labels[i], case.labels[j]) for i in n for j in n if i != j and like[i][j] > threshold}


def chosen_elsewhere(every: list[Case], methods: list[Method]) -> Method:
    """For each source the method that does best on the task's other sources."""
    scores = {(case.key, i): _f1([(method(case), case.gold)]) for case in every for i, method in enumerate(methods)}

    def method(case: Case) -> Pairs:
        others = [c.key for c in every if c.task == case.task and c.key != case.key]
        best = max(range(len(methods)), key=lambda i: (sum(scores[key, i] for key in others), -i))
        return methods[best](case)

    return method


def with_bounds(fewest: float, most: float, case: Case) -> Pairs:
    """Our method with other bounds on the number of clusters than its own."""
    with patch.multiple(hard_negatives, FEWEST=fewest, MOST=most):
        return ours(case)


def with_mentions(case: Case, data: Path, without: Sequence[str] = ()) -> Pairs:
    """Our method with the mentions of the source's records, where its files are there."""
    return ours(case, records=_records(case.source, data), without=without)


@cache
def _records(source: Source | None, data: Path) -> tuple[Record, ...]:
    folder = source.folder(data) if source else None
    if source is None or folder is None:
        return ()
    splits = [islice(source.records(folder, split), READ_AT_MOST) for split in source.find(folder)]
    return tuple(item for split in splits for item in split if isinstance(item, Record))


def without_known_words(case: Case, every: list[Case], encode: label_encoders.Encode | None) -> Pairs:
    """Our method with a lexicon from which every word of every visible label is taken: what unknown labels get."""
    labels = [label for other in every for label in other.labels]
    seen = {
        *labels,
        *(form for label in labels for word, _ in kinds._words(label) for form in (word, word.rstrip("s"))),
    }
    less = {
        word: found for word, found in kinds.lexicon().items() if word not in seen and word.rstrip("s") not in seen
    }
    with patch.object(kinds, "lexicon", lambda: less), patch.object(label_encoders, "lexicon", lambda: less):
        return ours(case, bare=True, **({"kinds_of": label_encoders.encoder_kinds(encode)} if encode else {}))


def main(shared: Path) -> None:
    """Print the tables."""
    every = list(cases(shared / "reference"))
    try:
        encode = label_encoders.load_encoder("use")
    except IEPileError:
        encode = None
    methods: dict[str, Method] = {"all pairs": all_pairs}
    if encode:
        thresholds = [partial(above, threshold=t / 20, encode=encode) for t in range(20)]
        methods["one threshold on an encoder (use)"] = chosen_elsewhere(every, thresholds)
    methods |= {"**ours**, labels alone": partial(ours, bare=True), "**ours**": ours}
    if encode:
        guess = label_encoders.encoder_kinds(encode)
        methods |= {
            "labels alone, with `--encoder use`": partial(ours, bare=True, kinds_of=guess),
            "with `--encoder use`": partial(ours, kinds_of=guess),
        }
    methods["with the mentions of records"] = partial(with_mentions, data=shared / "data")
    methods["the mentions alone"] = partial(with_mentions, data=shared / "data", without=SIGNALS)
    methods |= {f"without {signal}": partial(ours, without=(signal,)) for signal in SIGNALS}
    methods["labels alone, no word of theirs in the lexicon"] = partial(without_known_words, every=every, encode=None)
    if encode:
        methods["the same, with `--encoder use`"] = partial(without_known_words, every=every, encode=encode)
    own = hard_negatives.FEWEST, hard_negatives.MOST
    methods["half as many, larger clusters"] = partial(with_bounds, *(bound / 2 for bound in own))
    methods["twice as many, smaller clusters"] = partial(with_bounds, *(bound * 2 for bound in own))
    bounds = [partial(with_bounds, fewest, most) for fewest in (0.25, 0.5, 1.0) for most in (4.0, 5.0, 6.0, 7.5, 9.0)]
    methods["bounds chosen on the task's other sources"] = chosen_elsewhere(every, bounds)
    scores = {name: [(method(case), case.gold) for case in every] for name, method in methods.items()}
    _table(["", *(f"{task} {kind}" for task in TASKS for kind in ("micro", "mean"))], _by_task(every, scores))
    columns = [name for name in methods if "ours" in name or name in ("all pairs", "with `--encoder use`")]
    rows = [
        [f"{c.task} {c.key}", len(c.labels), *(round(100 * _f1([scores[m][i]])) for m in columns)]
        for i, c in enumerate(every)
    ]
    click.echo()
    _table(["source", "labels", *columns], rows)


def _by_task(every: list[Case], scores: Mapping[str, list[tuple[Pairs, Pairs]]]) -> Iterator[list[Any]]:
    for name, pairs in scores.items():
        of = {task: [pair for case, pair in zip(every, pairs, strict=True) if case.task == task] for task in TASKS}
        micro = {task: _f1(of[task]) for task in TASKS}
        mean = {task: sum(_f1([pair]) for pair in of[task]) / len(of[task]) for task in TASKS}
        yield [name, *(f"{100 * kind[task]:.1f}" for task in TASKS for kind in (micro, mean))]


def _f1(pairs: list[tuple[Pairs, Pairs]]) -> float:
    right = sum(len(found & gold) for found, gold in pairs)
    return 2 * right / max(1, sum(len(found) + len(gold) for found, gold in pairs))


def _parted(triple: str) -> tuple[str, str, str]:
    """`Peop_Live_In_Loc` → Peop, Live_In, Loc."""
    subject, rest = triple.split("_", 1)
    return subject, *rest.rsplit("_", 1)


def _table(header: list[str], rows: Any) -> None:
    click.echo(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        click.echo(f"| {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared"))
