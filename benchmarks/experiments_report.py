"""What came out of `experiments.py`: F1 and confusions of each arm, the claims, and the cost, as Markdown."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from iepile.builders.hard_negatives import option_name
from iepile.builders.source import get_source
from iepile.builders.source_negatives import source_negatives
from iepile.extraction.confusions import count_confusions
from iepile.extraction.metrics import compare, markdown_table
from iepile.extraction.predictions import answered, read_predictions

CLAIMS = (
    ("Batching cures the disparity of queries", "4/hard", "all/all"),
    ("Hard negatives cure confusion, batched", "4/hard", "4/random"),
    ("Hard negatives cure confusion, whole", "all/hard", "all/random"),
)
SAMPLES = 2000  # draws for an interval
CORRECT, FOUND, GOLD, CONFUSED, PAIRED = range(5)  # the columns of what is counted of a record; FOUND is gold + said
# What a GPU would take: six operations a parameter and token, at a share of its bfloat16 rate (an A100's).
GPU_RATE, GPU_SHARE = 312e12, 0.4
AT_SCALE = (8e9, 1e8)  # parameters of a base, tokens of each arm and seed

Measure = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Plan:
    """All that decides the figures of an arm but the arm and the seed."""

    sources: tuple[str, ...]
    recipe: str
    overrides: tuple[str, ...]
    tokens: int
    step_tokens: int
    max_empty: float | None
    test_rows: int
    decoding: str
    max_new_tokens: int


@dataclass(frozen=True)
class Run:
    """One arm with one seed, trained and asked."""

    arm: str
    seed: int
    summary: Mapping[str, Any]  # of the training; empty for the base alone
    asked: Mapping[str, Path]  # k → the evaluation's folder


def count_records(folder: Path, paired: Mapping[str, set[tuple[str, str]]]) -> dict[tuple[str, str], list[int]]:
    """(source, record) → what is counted of it."""
    found: dict[tuple[str, str], list[Any]] = {}
    for answer in answered(read_predictions(folder / "predictions.jsonl")):
        found.setdefault((answer.source, answer.id), []).append(answer)
    table = {}
    for key, answers in sorted(found.items()):
        facet = answers[0].task.facets[0]
        gold = sum((list(answer.gold.get(facet, ())) for answer in answers), [])
        said = sum((list(answer.predicted.get(facet, ())) for answer in answers), [])
        counted = compare(gold, said)
        confused = next(iter(count_confusions(answers).values()), {})
        by_pair = sum(n for pair, n in confused.items() if pair in paired[key[0]])
        table[key] = [counted.correct, counted.gold + counted.predicted, counted.gold, sum(confused.values()), by_pair]
    return table


def _pairs(name: str) -> set[tuple[str, str]]:
    """The pairs of labels that the dictionary of a source links."""
    source = get_source(name)
    negatives = source_negatives(source, source.task).negatives
    return {(option_name(a), option_name(b)) for a, others in negatives.items() for b in others}


def _f1(counts: np.ndarray) -> np.ndarray:
    return 200 * counts[..., CORRECT] / np.maximum(counts[..., FOUND], 1)


def _rate(column: int) -> Measure:
    return lambda counts: 100 * counts[..., column] / np.maximum(counts[..., GOLD], 1)


MEASURES: Mapping[str, Measure] = {
    "F1": _f1,
    "confusions a 100": _rate(CONFUSED),
    "of paired labels": _rate(PAIRED),
}


def estimate(measure: Measure, table: np.ndarray, other: np.ndarray | None = None) -> str:
    """The mean over seeds, or its difference from another arm's, with the middle 95% over draws of seeds and records.

    Args:
        measure: of summed counts.
        table: seeds × records × counts.
        other: of the same seeds and records.
    """

    def mean(seeds: Any, records: Any) -> float:
        value = measure(table[seeds][:, records].sum(axis=1)).mean()
        return float(value if other is None else value - measure(other[seeds][:, records].sum(axis=1)).mean())

    number, records = table.shape[:2]
    rng = np.random.default_rng(42)
    drawn = [mean(rng.integers(number, size=number), rng.integers(records, size=records)) for _ in range(SAMPLES)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    sign = "" if other is None else "+"
    return f"{mean(range(number), range(records)):{sign}.1f} [{low:{sign}.1f}, {high:{sign}.1f}]"


def write_report(plan: Plan, runs: Sequence[Run], absent: Sequence[str]) -> str:
    paired = {name: _pairs(name) for name in plan.sources}
    tables: dict[tuple[str, str], np.ndarray] = {}
    keys: dict[str, list[tuple[str, str]]] = {}
    arms = tuple(dict.fromkeys(run.arm for run in runs))
    ask = tuple(runs[0].asked)
    for arm, k in product(arms, ask):
        counted = [count_records(run.asked[k], paired) for run in runs if run.arm == arm]
        keys[k] = list(counted[0])
        tables[arm, k] = np.array([list(found.values()) for found in counted])
    return "\n\n".join(
        (
            "# The method's claims, tried",
            f"    python benchmarks/experiments.py {shlex.join(sys.argv[1:])}",
            *_facts(plan, runs, absent),
            "## F1",
            "In per cent. The mean over seeds; in brackets the middle 95% over 2,000 draws of seeds and records.",
            markdown_table(["trained on", "asked", *plan.sources, "all"], list(_f1_rows(tables, keys, arms, plan))),
            "## Confusions",
            "A confusion is a mention, or a pair of mentions, that the model gives under one label and the gold has "
            "under another only; for each 100 gold items. Paired are labels that the hard-negative dictionary links.",
            markdown_table(
                ["trained on", "asked", *list(MEASURES)[1:]],
                [
                    (arm, k, *(estimate(measure, table) for measure in list(MEASURES.values())[1:]))
                    for (arm, k), table in tables.items()
                ],
            ),
            "## The claims",
            "The difference between two arms, on the same records and seeds, over all sources. The method holds where "
            "F1 is above 0, and confusions below, by the whole interval.",
            markdown_table(["claim", "arms", "asked", *MEASURES], list(_claim_rows(tables, ask))),
            "## What it cost",
            *_cost(runs),
            "",
        )
    )


def _facts(plan: Plan, runs: Sequence[Run], absent: Sequence[str]) -> Iterator[str]:
    trained = [run for run in runs if run.summary]
    first = trained[0].summary
    seeds = sorted({run.seed for run in trained})
    yield (
        f"{first['base_model']['name']} ({first['base_model']['origin']}), recipe {plan.recipe}, "
        f"{', '.join(plan.overrides)}; {plan.tokens:,} tokens an arm and seed, seeds {', '.join(map(str, seeds))}, "
        f"{'all' if plan.max_empty is None else f'{plan.max_empty} a filled one of the'} empty rows; "
        f"{plan.test_rows} records of each source at most asked, {plan.decoding} decoding, {platform.machine()}, "
        f"{first['device']}."
    )
    if absent:
        yield f"Without {', '.join(absent)}, of which no files were at hand."
    rows = []
    for run in trained:
        data, recipe = run.summary["data"]["train"], run.summary["recipe"]
        cut = [json.loads((path / "report.json").read_text("utf-8"))["cut"] for path in run.asked.values()]
        size = recipe["per_device_train_batch_size"] * recipe["gradient_accumulation_steps"]
        losses = [point["loss"] for point in run.summary["loss"]["train"]]
        rows.append((run.arm, run.seed, data["rows"], run.summary["tokens"], data["completion_tokens"], size,
                     run.summary["steps"], f"{losses[-1]:.3f}" if losses else "–", sum(cut)))  # fmt: skip
    head = ["trained on", "seed", "rows", "tokens", "of answers", "rows a step", "steps", "last loss", "answers cut"]
    yield markdown_table(head, rows)


def _f1_rows(
    tables: Mapping[tuple[str, str], np.ndarray],
    keys: Mapping[str, Sequence[tuple[str, str]]],
    arms: Sequence[str],
    plan: Plan,
) -> Iterator[tuple[str, ...]]:
    for (arm, k), table in tables.items():
        places = {name: [n for n, key in enumerate(keys[k]) if key[0] == name] for name in plan.sources}
        by_source = (estimate(_f1, table[:, chosen]) if chosen else "none" for chosen in places.values())
        yield arm, k, *by_source, estimate(_f1, table)


def _claim_rows(tables: Mapping[tuple[str, str], np.ndarray], ask: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for (claim, arm, other), k in product(CLAIMS, ask):
        if (arm, k) in tables and (other, k) in tables:
            differences = (estimate(m, tables[arm, k], tables[other, k]) for m in MEASURES.values())
            yield claim, f"{arm} − {other}", k, *differences


def _cost(runs: Sequence[Run]) -> Iterator[str]:
    trained = [run.summary for run in runs if run.summary]
    reports = [json.loads((path / "report.json").read_text("utf-8")) for run in runs for path in run.asked.values()]
    training, asking = sum(s["seconds"] for s in trained), sum(report["seconds"] for report in reports)
    tokens, parameters = sum(s["tokens"] for s in trained), trained[0]["parameters"]["all"]
    questions = sum(report["settings"]["rows"] for report in reports)
    yield (
        f"Here: training {training / 3600:.2f} hours for {tokens:,} tokens, {tokens / training:.0f} a second; asking "
        f"{asking / 3600:.2f} hours for {questions:,} questions, {questions / max(asking, 1e-9):.1f} a second "
        "(of an evaluation that was killed, its last part)."
    )
    rate = 6 * parameters * tokens / training
    speed = GPU_RATE * GPU_SHARE / rate
    base, size = AT_SCALE
    scaled = len(trained) * 6 * base * size / (GPU_RATE * GPU_SHARE) / 3600
    yield (
        f"Not measured, reckoned: at six operations a parameter and token that is {rate / 1e9:.0f} GFLOP/s in "
        f"training. An A100 that reaches {GPU_SHARE:.0%} of its {GPU_RATE / 1e12:.0f} TFLOP/s is {speed:,.0f} times "
        f"as quick: {(training + asking) / speed:.0f} seconds for the same, if asking gains as much and so small "
        f"a model filled the GPU. With a base of {base / 1e9:.0f}B and {size / 1e6:.0f}M tokens for each of these "
        f"{len(trained)} runs, training would take {scaled:,.0f} GPU-hours, and asking {asking / training:.1f} times "
        "as long if the ratio stays."
    )
