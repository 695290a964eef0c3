"""The mix of a corpus as a picture: rows of each source, by split."""

from __future__ import annotations

from pathlib import Path

from .errors import IEPileError
from .source import SPLITS
from .stats import Statistics
from .summary import MIXED_TASKS

COLOURS = {"train": "#3b6fb6", "validation": "#8fb8de", "test": "#e0a458", "zero_shot": "#b5523b"}


def plot_mix(statistics: Statistics, path: Path) -> None:
    """Draw a bar a source, grouped by language and task.

    Args:
        statistics: what was counted; SPO and KG ask again what RE asks, and are left out.
        path: the picture, its format by its ending.

    Raises:
        IEPileError: where matplotlib is not installed, or does not know the format.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise IEPileError("--plot needs matplotlib; pip install 'iepile[train]'.") from None
    rows: dict[tuple[str, str, str], dict[str, int]] = {}
    for part in statistics.parts:
        if part.task.lower() in MIXED_TASKS:
            family = "EE" if part.task in ("EET", "EEA") else part.task
            bar = rows.setdefault((part.language, family, part.source), {})
            bar[part.split] = bar.get(part.split, 0) + part.rows
    families = ("NER", "RE", "EE")
    order = sorted(rows, key=lambda key: (key[0], families.index(key[1]), -sum(rows[key].values()), key[2]))
    groups = [key[:2] for key in order]
    # A gap before each group, and above it the group's name.
    places = [n + 1.6 * len(set(groups[: n + 1])) for n in range(len(order))]
    figure = Figure(figsize=(9, 1.2 + 0.22 * (places[-1] + 2)), layout="constrained")
    axes = figure.subplots()
    lefts = [0] * len(order)
    for split in SPLITS:
        widths = [rows[key].get(split, 0) for key in order]
        if any(widths):
            axes.barh(places, widths, left=lefts, color=COLOURS[split], label=split.replace("_", "-"))
            lefts = [left + width for left, width in zip(lefts, widths, strict=True)]
    longest = max(lefts)
    for place, total in zip(places, lefts, strict=True):
        axes.text(total + longest / 150, place, f"{total:,}", va="center", fontsize=7, color="#444444")
    for group in dict.fromkeys(groups):
        place = places[groups.index(group)] - 1
        axes.text(0, place, f"{group[0]} {group[1]}", va="center", ha="right", weight="bold", fontsize=9,
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_yticks(places, [source for _, _, source in order], fontsize=8)
    axes.set_ylim(places[-1] + 1, places[0] - 1.8)
    axes.set_xlim(0, longest * 1.1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("rows")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    try:
        figure.savefig(path, dpi=150)
    except ValueError as error:
        raise IEPileError(f"{path} cannot be drawn ({error}); name a .png or .svg with --plot.") from None
