"""The report of an evaluation: `report.md` for people, `report.json` for programs, a plot where matplotlib is."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from .analysis import Analysis, analyse
from .confusions import count_confusions
from .metrics import Scores, markdown_table
from .predictions import answered
from .suites import get_suite

if TYPE_CHECKING:
    from .evaluate import Evaluation

MOST_CONFUSIONS = 20


def write_report(done: Evaluation, folder: Path) -> None:
    """Write the report of a run beside its predictions."""
    found = _analysis(done)
    whole = {
        **report_dict(done),
        "analysis": found.to_dict(),
        "labels": label_sets(done),
        "confusions": confusions(done),
    }
    (folder / "report.json").write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    plotted = plot(found, folder / "f1.png")
    (folder / "report.md").write_text(report(done, found, plotted), encoding="utf-8")


def report_dict(done: Evaluation) -> dict[str, Any]:
    """The scores and how they came to be."""
    return {
        **done.scores.to_dict(),
        **({"orders": order_dict(done)} if done.other_orders else {}),
        **({"published": get_suite(done.settings.suite).to_dict(done.scores)} if done.settings.suite else {}),
        "settings": asdict(done.settings),
        "cut": sum(row["cut"] for row in done.predictions),
        "seconds": round(done.seconds, 1),
        "rows_per_second": round(done.answered / done.seconds, 2) if done.seconds else None,
        "versions": dict(done.versions),
    }


def report(done: Evaluation, found: Analysis, plotted: bool) -> str:
    """The Markdown report."""
    parts = ["# Evaluation", _facts(done), done.scores.table()]
    if plotted:
        parts.append("![F1 by source, with 95% intervals](f1.png)")
    if done.settings.suite:
        parts += [
            "## Beside published scores",
            "F1 in per cent. The published figures are those that their authors print; those of FewRel and Wiki-ZSL "
            "are the best of five wordings of the instruction, a choice that this model was not given.",
            get_suite(done.settings.suite).table(done.scores),
        ]
    if done.other_orders:
        parts += ["## Over orders of the schema", _orders_table(done)]
    pairs = [(c["task"], c["source"], c["gold"], c["predicted"], c["count"]) for c in confusions(done)]
    if pairs:
        head = "task source gold predicted times".split()
        parts += ["## Labels taken for one another", markdown_table(head, pairs[:MOST_CONFUSIONS])]
    return "\n\n".join((*parts, found.report()))


def confusions(done: Evaluation) -> list[dict[str, Any]]:
    """Which label was given for which, the most frequent first."""
    counted = count_confusions(answered(_rows(done)))
    found = [
        {"task": task, "source": source, "gold": right, "predicted": wrong, "count": count}
        for (task, source), pairs in counted.items()
        for (right, wrong), count in pairs.items()
    ]
    return sorted(found, key=lambda pair: -int(pair["count"]))


def label_sets(done: Evaluation) -> dict[str, list[str]]:
    """Task and source → what was asked for, in the order asked."""
    asked: dict[str, dict[str, None]] = {}
    for row in done.predictions:
        keys = json.loads(row["output"])
        asked.setdefault(f"{row['task']} {row['source']}", {}).update(dict.fromkeys(keys))
    return {name: list(keys) for name, keys in asked.items()}


def order_dict(done: Evaluation) -> list[dict[str, Any]]:
    """Mean and spread of F1 over the orders in which the schemas were asked."""
    found = []
    for line in done.scores.lines:
        f1 = [scores.line(line.task, line.source, line.facet).counts.f1 for scores in _all_orders(done)]
        named = {"task": line.task, "source": line.source or None, "items": line.facet}
        found.append(
            {**named, "mean": round(mean(f1), 2), "stdev": round(stdev(f1), 2), "f1": [round(x, 2) for x in f1]}
        )
    return found


def plot(found: Analysis, path: Path) -> bool:
    """Bars of F1 by source with their intervals; whether matplotlib is there to draw them."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    keys = [key for key in found.intervals if key[1]]
    figure = Figure(figsize=(7, 0.6 + 0.3 * len(keys)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for place, key in enumerate(keys):
        f1 = sum_counts(found, key)
        low, high = found.intervals[key]
        axes.barh(place, f1, color="#0f766e")
        axes.plot([low, high], [place, place], color="#1e293b", linewidth=1.5)
    axes.set_yticks(range(len(keys)), [f"{source} {task} {facet}" for task, source, facet in keys], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("F1 with 95% interval")
    figure.savefig(path, dpi=120)
    return True


def sum_counts(found: Analysis, key: tuple[str, str, str]) -> float:
    """Micro F1 of a key."""
    counts = list(found.labels[key].values())
    return sum(counts[1:], counts[0]).f1 if counts else 100.0


def _facts(done: Evaluation) -> str:
    s = done.settings
    cut = sum(row["cut"] for row in done.predictions)
    speed = f", {done.answered / done.seconds:.2f} rows a second" if done.seconds and done.answered else ""
    where = f"suite `{s.suite}`" if s.suite else f"`{', '.join(s.configs)}`"
    drawn = f"; {s.limit} records of each task and source, drawn with seed {s.seed}" if s.limit else ""
    told = [
        "Model: " + ", ".join(f"{name} `{value}`" for name, value in s.model.items()),
        f"Rows: {s.rows:,} of {where}, split `{s.split}`, of `{s.data}` (digest `{s.digest}`){drawn}",
        f"Decoding: `{s.decoding}`, greedy, {s.shots} examples in the prompt; {cut} answers were cut{speed}",
        f"Scored by the profile `{s.profile}`",
        f"Versions: {', '.join(f'{name} {number}' for name, number in done.versions.items())}",
    ]
    return "\n".join(f"- {line}" for line in told)


def _orders_table(done: Evaluation) -> str:
    head = ["task", "source", "items", "mean F1", "deviation", "each"]
    rows = [
        (
            o["task"],
            o["source"] or "all",
            o["items"],
            f"{o['mean']:.2f}",
            f"{o['stdev']:.2f}",
            ", ".join(map(str, o["f1"])),
        )
        for o in order_dict(done)
    ]
    return markdown_table(head, rows)


def _all_orders(done: Evaluation) -> tuple[Scores, ...]:
    return (done.scores, *done.other_orders)


def _rows(done: Evaluation) -> list[tuple[str, Any]]:
    return [(f"row {number}", row) for number, row in enumerate(done.predictions, 1)]


def _analysis(done: Evaluation) -> Analysis:
    return analyse(answered(_rows(done)), seed=done.settings.seed)
