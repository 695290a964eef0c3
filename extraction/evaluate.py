"""Run a model on rows of a corpus and score it: the Extractor's own way of asking, row by row.

Writes a folder: `predictions.jsonl` (every row with the model's answer as `prediction`, which `iepile score` scores to
the same figures), `report.json` and `report.md`. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import heapq
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import iepile

from ..builders.errors import IEPileError
from ..builders.source import load_sources
from ..builders.tasks import get_task
from .backend import Decoding, Question
from .extractor import Extractor
from .metrics import Scores
from .predictions import Row, read_instruction
from .scoring import score

CHUNK = 256  # rows between two writes: as much work as a killed run can lose
LIBRARIES = ("torch", "transformers", "peft", "llguidance")


@dataclass(frozen=True)
class Settings:
    """All that decides what a run gives."""

    model: Mapping[str, Any]  # as its backend tells of it
    data: str
    config: str
    split: str
    sources: tuple[str, ...]
    limit: int | None
    seed: int
    decoding: Decoding
    rows: int
    digest: str  # of the rows


@dataclass(frozen=True)
class Evaluation:
    """What a run gave."""

    settings: Settings
    scores: Scores
    predictions: tuple[dict[str, Any], ...]
    seconds: float  # spent answering; of this run alone, where it went on with an earlier one's answers
    answered: int  # rows answered in this run
    versions: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """For programs: the scores and how they came to be."""
        return {
            **self.scores.to_dict(),
            "settings": asdict(self.settings),
            "cut": sum(row["cut"] for row in self.predictions),
            "seconds": round(self.seconds, 1),
            "rows_per_second": round(self.answered / self.seconds, 2) if self.seconds else None,
            "versions": dict(self.versions),
        }

    def report(self) -> str:
        """For people: Markdown."""
        s = self.settings
        cut = sum(row["cut"] for row in self.predictions)
        speed = f", {self.answered / self.seconds:.2f} rows a second" if self.seconds else ""
        told = [
            "Model: " + ", ".join(f"{name} `{value}`" for name, value in s.model.items()),
            f"Rows: {s.rows:,} of `{s.config}`, split `{s.split}`, of `{s.data}` (digest `{s.digest}`)"
            + (f"; {s.limit} records of each task and source, drawn with seed {s.seed}" if s.limit else ""),
            f"Decoding: `{s.decoding}`, greedy; {cut} answers reached the token limit{speed}",
            f"Versions: {', '.join(f'{name} {number}' for name, number in self.versions.items())}",
        ]
        items = "\n".join(f"- {line}" for line in told)
        return f"# Evaluation\n\n{items}\n\n{self.scores.table()}\n"


def evaluate(
    model: str | Extractor | None,
    adapter: str | Path | None = None,
    *,
    data: str | Path = "iepile",
    config: str = "all",
    split: str = "zero_shot",
    sources: Sequence[str] | None = None,
    out: str | Path | None = None,
    limit: int | None = None,
    seed: int = 42,
    decoding: Decoding = "grounded",
    on_rows: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Evaluation:
    """Answer rows of a corpus with a model and score the answers.

    Args:
        model: a base model, a Hub id or a folder; None for the one that the adapter names; or an Extractor.
        adapter: a LoRA adapter for it, likewise.
        data: a built corpus (or a raw folder).
        config: as `iepile.load` takes it.
        split: likewise.
        sources: only these.
        out: a folder for the predictions and the report; nothing is written if None.
        limit: records of each task and source, drawn by their ids; a record's schema batches stay together.
        seed: of that drawing.
        decoding: see `backend.Backend.reply`.
        on_rows: called with (rows done, all rows) as they come.
        options: of the Extractor's backend, `batch_size` and the like.

    Raises:
        IEPileError: for a model, adapter, corpus, config or split that there is not, or a folder of another run.
    """
    rows = select(_rows(data, config, split, sources), limit, seed)
    if not rows:
        raise IEPileError(f"{data} has no {split} rows of {config} to evaluate on; choose another config or split.")
    extractor = model if isinstance(model, Extractor) else Extractor.from_pretrained(model, adapter, **options)
    settings = Settings(
        *(dict(extractor.backend.details), str(data), config, split, tuple(sources or ()), limit, seed, decoding),
        *(len(rows), _digest(rows)),
    )
    run = _Run(settings, Path(out)) if out is not None else None
    known = run.resume() if run else {}
    start = time.perf_counter()
    fresh = [row for row in rows if _key(row) not in known]
    for chunk in _answer(extractor, fresh, decoding, lambda done: on_rows and on_rows(len(known) + done, len(rows))):
        if run:
            run.append(chunk)
        known.update({_key(row): row for row in chunk})
    seconds = time.perf_counter() - start
    predictions = tuple(known[_key(row)] for row in rows)
    found = Evaluation(settings, score(predictions), predictions, seconds, len(fresh), _versions())
    if run:
        run.finish(found)
    return found


def select(rows: Iterable[Row], limit: int | None, seed: int = 42) -> list[Row]:
    """At most `limit` records of each task and source, with all their rows, in the order given.

    Which, is decided by the digest of (seed, id): the same records whatever the order, and those of a smaller limit
    are among those of a larger one.
    """
    if limit is None:
        return list(rows)
    if limit < 1:
        raise IEPileError("limit must be at least 1.")
    kept: dict[tuple[str, str], dict[str, tuple[int, list[tuple[int, Row]]]]] = {}
    highest: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for number, row in enumerate(rows):
        group = (row["task"], row["source"])
        records, heap = kept.setdefault(group, {}), highest.setdefault(group, [])
        if row["id"] in records:
            records[row["id"]][1].append((number, row))
            continue
        rank = int.from_bytes(blake2b(f"{seed}/{row['id']}".encode(), digest_size=8).digest(), "big")
        if len(heap) == limit and rank >= -heap[0][0]:
            continue
        records[row["id"]] = (rank, [(number, row)])
        heapq.heappush(heap, (-rank, row["id"]))
        if len(heap) > limit:
            del records[heapq.heappop(heap)[1]]
    chosen = [numbered for records in kept.values() for _, found in records.values() for numbered in found]
    return [row for _, row in sorted(chosen, key=lambda pair: pair[0])]


def questions(rows: Iterable[Row]) -> list[Question]:
    """The rows as the Extractor asks them."""
    known = load_sources()
    asked = []
    for row in rows:
        task = get_task(row["task"])
        entries, text = read_instruction(row, task, f"row {row['id']}")
        values = known[row["source"]].schema.role_values if row["source"] in known else {}
        asked.append(Question(row["instruction"], task, entries, text, values))
    return asked


def _answer(
    extractor: Extractor, rows: Sequence[Row], decoding: Decoding, on_done: Callable[[int], None]
) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows with their predictions, in chunks of alike length: so batches hold no short rows by long ones."""
    asked = questions(rows)
    order = sorted(range(len(rows)), key=lambda n: len(asked[n].instruction))
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        on_done(done)

    for first in range(0, len(rows), CHUNK):
        chunk = order[first : first + CHUNK]
        answers = extractor.answer([asked[n] for n in chunk], decoding, count)
        yield [
            {**rows[n], "prediction": answer.reply.output, "cut": answer.reply.cut}
            for n, answer in zip(chunk, answers, strict=True)
        ]


class _Run:
    """The folder of a run: what is done is there at once, the report at the end."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._folder, self._part = folder, folder / "predictions.part.jsonl"
        self._header = {"settings": json.loads(json.dumps(asdict(settings)))}

    def resume(self) -> dict[tuple[str, str, int], dict[str, Any]]:
        """The rows that an earlier run of the same settings answered.

        Raises:
            IEPileError: where the folder holds part of another run.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._part.exists():
            self._part.write_text(json.dumps(self._header) + "\n", encoding="utf-8")
            return {}
        lines = self._part.read_text(encoding="utf-8").split("\n")
        if lines[0] != json.dumps(self._header):
            raise IEPileError(
                f"{self._folder} holds part of a run with other settings; name another --out, or delete {self._part}."
            )
        whole = lines[1:-1]  # behind the last line end stands nothing, or what a kill left of a row
        self._part.write_text("".join(f"{line}\n" for line in (lines[0], *whole)), encoding="utf-8")
        return {_key(row): row for row in map(json.loads, whole)}

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        with self._part.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    def finish(self, found: Evaluation) -> None:
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in found.predictions]
        (self._folder / "predictions.jsonl").write_text("".join(lines), encoding="utf-8")
        report = json.dumps(found.to_dict(), ensure_ascii=False, indent=2)
        (self._folder / "report.json").write_text(report + "\n", encoding="utf-8")
        (self._folder / "report.md").write_text(found.report(), encoding="utf-8")
        self._part.unlink()


def _rows(data: str | Path, config: str, split: str, sources: Sequence[str] | None) -> Iterator[Row]:
    yield from iepile.load(config, split, data_dir=data, sources=list(sources) if sources else None, streaming=True)


def _key(row: Row) -> tuple[str, str, int]:
    return row["task"], row["id"], row["batch"]


def _digest(rows: Iterable[Row]) -> str:
    state = blake2b(digest_size=8)
    for row in rows:
        state.update(json.dumps([*_key(row), row["instruction"], row["output"]]).encode())
    return state.hexdigest()


def _versions() -> dict[str, str]:
    return {"iepile": iepile.__version__, **{name: version(name) for name in LIBRARIES if _installed(name)}}


def _installed(name: str) -> bool:
    try:
        version(name)
    except ImportError:
        return False
    return True
