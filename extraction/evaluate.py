"""Run a model on rows of a corpus and score it: the Extractor's own way of asking, row by row.

Writes a folder: `predictions.jsonl` (every row with the model's answer as `prediction`, which `iepile score` scores to
the same figures) and the report (see `report.py`). A run that was stopped goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import iepile

from ..builders.errors import IEPileError
from .backend import Decoding, Reply
from .extractor import Extractor
from .metrics import Scores
from .predictions import Row
from .run_folder import Key, RunFolder, Settings, digest, row_key
from .scoring import score
from .selection import Shots, load_rows, pick_shots, questions, reorder, select
from .suites import get_suite

CHUNK = 2048  # rows asked together, to be batched by what they share; each answer is written when it comes
LIBRARIES = ("torch", "transformers", "peft", "llguidance")


@dataclass(frozen=True)
class Evaluation:
    """What a run gave.

    Attributes:
        scores: of the schemas in their declared order.
        other_orders: of the same records with their schemas in other orders.
        predictions: the rows with `prediction` and `cut`.
        seconds: spent answering, by this run alone where it went on with an earlier one's answers.
        answered: how many rows it answered.
        versions: of the libraries.
    """

    settings: Settings
    scores: Scores
    other_orders: tuple[Scores, ...]
    predictions: tuple[dict[str, Any], ...]
    seconds: float
    answered: int
    versions: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """For programs: the scores and how they came to be."""
        from .report import report_dict

        return report_dict(self)


def evaluate(
    model: str | Extractor | None,
    adapter: str | Path | None = None,
    *,
    data: str | Path = "iepile",
    config: str = "all",
    split: str = "zero_shot",
    suite: str | None = None,
    sources: Sequence[str] | None = None,
    out: str | Path | None = None,
    limit: int | None = None,
    seed: int = 42,
    decoding: Decoding = "grounded",
    shots: int = 0,
    orders: int = 1,
    profile: str = "default",
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
        suite: zero-shot-en, zero-shot-zh or supervised, in place of config, split and sources; the report then shows
            the published scores too.
        sources: only these.
        out: a folder for the predictions and the report; nothing is written if None.
        limit: records of each task and source, drawn by their ids; a record's schema batches stay together.
        seed: of that drawing, and of all else that is drawn.
        decoding: see `backend.Backend.reply`.
        shots: examples from the train split before each question, for models that were not trained for this.
        orders: in how many orders each schema is asked; the report gives the mean and spread over them.
        profile: `default`, or `published` to score by the published rule.
        on_rows: called with (rows done, all rows) as they come.
        options: of the Extractor's backend, `batch_size` and the like.

    Raises:
        IEPileError: for a model, adapter, corpus, config or split that there is not, or a folder of another run.
    """
    configs: tuple[str, ...] = (config,)
    if suite is not None:
        known = get_suite(suite)
        configs, split, sources = tuple(known.configs), known.split, known.sources
    rows = select(load_rows(data, configs, split, sources), limit, seed)
    if not rows:
        raise IEPileError(
            f"{data} has no {split} rows of {', '.join(configs)} to evaluate on; choose another config or split."
        )
    if orders < 1 or shots < 0:
        raise IEPileError("orders must be at least 1, and shots at least 0.")
    examples = pick_shots(load_rows(data, configs, "train"), shots, seed) if shots else {}
    extractor = model if isinstance(model, Extractor) else Extractor.from_pretrained(model, adapter, **options)
    ordered = [rows, *(reorder(rows, seed + number) for number in range(1, orders))]
    asking = _Asking(extractor, examples, decoding, sum(map(len, ordered)), on_rows)
    common: dict[str, Any] = {
        **{"model": dict(extractor.backend.details), "data": str(data), "configs": configs, "split": split},
        **{"suite": suite, "sources": tuple(sources or ()), "limit": limit, "seed": seed},
        **{"decoding": decoding, "shots": shots, "profile": profile},
    }
    runs = [Settings(**common, rows=len(chosen), digest=digest(chosen)) for chosen in ordered]
    folders = [RunFolder(run, Path(out), number) if out is not None else None for number, run in enumerate(runs)]
    predictions = [asking.answer(chosen, folder) for chosen, folder in zip(ordered, folders, strict=True)]
    scores = [score(found, profile=profile) for found in predictions]
    done = Evaluation(
        runs[0], scores[0], tuple(scores[1:]), predictions[0], asking.seconds, asking.answered, _versions()
    )
    if out is not None:
        from .report import write_report

        used = [folder for folder in folders if folder]
        for folder, found in zip(used, predictions, strict=True):
            folder.finish(found)
        write_report(done, Path(out))
        for folder in used:
            folder.close()
    return done


class _Asking:
    """Asks rows, and keeps count of what was done."""

    def __init__(
        self,
        extractor: Extractor,
        shots: Shots,
        decoding: Decoding,
        total: int,
        on_rows: Callable[[int, int], None] | None,
    ) -> None:
        self._extractor, self._shots, self._decoding = extractor, shots, decoding
        self._total, self._on_rows = total, on_rows
        self._done = self.answered = 0
        self.seconds = 0.0

    def answer(self, rows: Sequence[Row], run: RunFolder | None) -> tuple[dict[str, Any], ...]:
        """The rows with their predictions; what an earlier run answered is taken from its folder."""
        known = run.resume() if run else {}
        self._count(len(known))
        fresh = [row for row in rows if row_key(row) not in known]
        start = time.perf_counter()
        for first in range(0, len(fresh), CHUNK):
            self._ask(fresh[first : first + CHUNK], known, run)
        self.seconds += time.perf_counter() - start
        self.answered += len(fresh)
        return tuple(known[row_key(row)] for row in rows)

    def _ask(self, rows: Sequence[Row], known: dict[Key, dict[str, Any]], run: RunFolder | None) -> None:
        def keep(place: int, reply: Reply) -> None:
            answered = {**rows[place], "prediction": reply.output, "cut": reply.cut}
            known[row_key(answered)] = answered
            if run:
                run.append(answered)
            self._count(1)

        self._extractor.answer(questions(rows, self._shots), self._decoding, keep)

    def _count(self, more: int) -> None:
        self._done += more
        if self._on_rows and more:
            self._on_rows(self._done, self._total)


def _versions() -> dict[str, str]:
    found = {"iepile": iepile.__version__}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
