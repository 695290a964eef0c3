"""Which rows an evaluation asks, and how: drawn records, other schema orders, examples before the question."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import iepile

from ..builders.errors import IEPileError
from ..builders.instructions import batches, generator
from ..builders.source import load_sources
from ..builders.tasks import get_task
from .backend import Question
from .predictions import Row, read_instruction

Shots = Mapping[tuple[str, str], str]  # task, language → examples, as they stand before a question


def load_rows(
    data: str | Path, configs: Sequence[str], split: str, sources: Sequence[str] | None = None
) -> Iterator[Row]:
    """The rows of configs of a corpus; of several configs, those that have the split.

    Raises:
        IEPileError: for a corpus, config, split or source that there is not.
    """
    for config in configs:
        try:
            yield from iepile.load(
                config, split, data_dir=data, sources=list(sources) if sources else None, streaming=True
            )
        except IEPileError:
            if len(configs) == 1 or not Path(data).is_dir():
                raise


def select(rows: Iterable[Row], limit: int | None, seed: int = 42) -> list[Row]:
    """At most `limit` records of each task and source, with all their rows, in the order given.

    Which, is decided by the digest of (seed, id): the same records whatever the order, and those of a smaller limit
    are among those of a larger one.
    """
    if limit is None:
        return list(rows)
    if limit < 1:
        raise IEPileError("limit must be at least 1.")
    kept: dict[tuple[str, str], dict[str, list[tuple[int, Row]]]] = {}
    highest: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for number, row in enumerate(rows):
        group = (row["task"], row["source"])
        records, heap = kept.setdefault(group, {}), highest.setdefault(group, [])
        if row["id"] in records:
            records[row["id"]].append((number, row))
            continue
        rank = int.from_bytes(blake2b(f"{seed}/{row['id']}".encode(), digest_size=8).digest(), "big")
        if len(heap) == limit and rank >= -heap[0][0]:
            continue
        records[row["id"]] = [(number, row)]
        heapq.heappush(heap, (-rank, row["id"]))
        if len(heap) > limit:
            del records[heapq.heappop(heap)[1]]
    chosen = [numbered for records in kept.values() for found in records.values() for numbered in found]
    return [row for _, row in sorted(chosen, key=lambda pair: pair[0])]


def reorder(rows: Sequence[Row], seed: int) -> list[Row]:
    """The same records, each asked for its schema in another order, batched anew; the seed and the id decide which."""
    records: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        records.setdefault((row["task"], row["id"]), []).append(row)
    return [row for (_, name), record in records.items() for row in _shuffled(record, f"{seed} {name}")]


def _shuffled(record: Sequence[Row], name: str) -> Iterator[Row]:
    first = record[0]
    task = get_task(first["task"])
    asked = [json.loads(row["instruction"]) for row in record]
    if isinstance(asked[0]["schema"], dict):  # label → description
        options: list[Any] = [pair for part in asked for pair in part["schema"].items()]
        keys = [key for key, _ in options]
    else:
        options = [entry for part in asked for entry in part["schema"]]
        keys = [task.entry_key(entry) for entry in options]
    answers = [value for row in record for value in json.loads(row["output"]).values()]
    places = list(range(len(options)))
    generator(0, name).shuffle(places)
    for number, batch in enumerate(batches(places, task.split_num, lambda place: keys[int(str(place))])):
        chosen = [int(str(place)) for place in batch]
        entries: Any = [options[n] for n in chosen]
        schema = dict(entries) if isinstance(asked[0]["schema"], dict) else entries
        yield {
            **first,
            "batch": number,
            "instruction": json.dumps({**asked[0], "schema": schema}, ensure_ascii=False),
            "output": task.answer({keys[n]: answers[n] for n in chosen}),
        }


def pick_shots(rows: Iterable[Row], count: int, seed: int = 42) -> Shots:
    """Examples for each task and language: rows with something to find, of different sources where there are any.

    Args:
        rows: of a training split.
        count: examples.
        seed: decides which.
    """
    best: dict[tuple[str, str], dict[str, list[tuple[int, Row]]]] = {}
    for row in rows:
        if any(json.loads(row["output"]).values()):
            rank = int.from_bytes(
                blake2b(f"{seed}/{row['id']}/{row['batch']}".encode(), digest_size=8).digest(), "big"
            )
            ranked = best.setdefault((row["task"], row["language"]), {}).setdefault(row["source"], [])
            ranked.append((rank, row))
            ranked.sort(key=lambda pair: pair[0])
            del ranked[count:]
    found = {}
    for group, sources in best.items():
        # The first of each source, then the second of each, and so on.
        turns = [(place, rank, row) for ranked in sources.values() for place, (rank, row) in enumerate(ranked)]
        chosen = [row for _, _, row in sorted(turns, key=lambda turn: turn[:2])[:count]]
        found[group] = "".join(f"{row['instruction']}\n{row['output']}\n\n" for row in chosen)
    return found


def questions(rows: Iterable[Row], shots: Shots | None = None) -> list[Question]:
    """The rows as the Extractor asks them, after their examples."""
    known = load_sources()
    asked = []
    for row in rows:
        task = get_task(row["task"])
        entries, text = read_instruction(row, task, f"row {row['id']}")
        values = known[row["source"]].schema.role_values if row["source"] in known else {}
        examples = (shots or {}).get((task.name, row["language"]), "")
        asked.append(Question(examples + row["instruction"], task, entries, text, values))
    return asked
