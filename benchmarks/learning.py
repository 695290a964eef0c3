"""Evidence that a recipe learns on real data: scores before and after training, under the same decoding.

    python benchmarks/learning.py ../shared/data --out benchmarks/results/learning.md

Builds en_ner and en_re from the native files, trains the recipe on them, and answers held rows of the sources trained
on, and of zero-shot suites, with the bare base and with the adapter, both unconstrained and held to schema and text.
The held rows are of `validation`, which most sources have here, and `test` few; nothing was chosen by them. All lies
in `--work`, so that a run that was stopped goes on. Intervals are 95%, over records drawn anew.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from iepile.builders.corpus import build
from iepile.builders.progress import reporter
from iepile.builders.shards import Options
from iepile.extraction.evaluate import evaluate
from iepile.extraction.metrics import markdown_table
from iepile.training.recipe import Recipe, load_recipe
from iepile.training.sft import train

SUITES = ("CrossNER_AI", "CrossNER_politics")
DECODINGS = ("free", "grounded")
MAX_EMPTY = 0.5  # rows without an answer to each row with one, in training
HEAD = ("rows of", "decoding", "model", "rows", "read as JSON", "P", "R", "F1", "95% of F1")


@click.command()
@click.argument("raw", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--recipe", "name", default="smollm2-135m-cpu", show_default=True)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key of the recipe.")
@click.option("--limit", default=3, show_default=True, help="Held records of each source.")
@click.option("--zero-shot-limit", default=15, show_default=True, help="Records of each zero-shot suite.")
@click.option("--max-new-tokens", default=160, show_default=True, help="The longest answer.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("build/learning"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Markdown file for the report.")
def main(
    raw: Path,
    name: str,
    overrides: tuple[str, ...],
    limit: int,
    zero_shot_limit: int,
    max_new_tokens: int,
    work: Path,
    out: Path,
) -> None:
    """Build, score, train, score again, and write the report."""
    corpus, adapter = work / "iepile", work / "adapter"
    build(raw, corpus, configs=("en_ner", "en_re"), options=Options(max_empty=MAX_EMPTY))
    recipe = load_recipe(name, [f"data={corpus}", f"output_dir={adapter}", *overrides])
    if not (adapter / "training_summary.json").is_file():
        train(recipe)
    summary = json.loads((adapter / "training_summary.json").read_text("utf-8"))
    lines = list(_scores(recipe, corpus, adapter, work, (limit, zero_shot_limit), max_new_tokens))
    given = f"--limit {limit} --zero-shot-limit {zero_shot_limit} --max-new-tokens {max_new_tokens}"
    told = " ".join((f"--recipe {name}", *(f"--set {each}" for each in overrides), given))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(f"# What training brings\n\n`python benchmarks/learning.py RAW {told}`\n\n{_facts(summary)}\n\n"
                   f"{markdown_table(HEAD, lines)}\n", "utf-8")  # fmt: skip


def _scores(
    recipe: Recipe, corpus: Path, adapter: Path, work: Path, limits: tuple[int, int], longest: int
) -> Iterator[tuple[Any, ...]]:
    """A line of the table for every sample, decoding and model."""
    samples: list[tuple[str, dict[str, Any]]] = [
        ("held, NER", {"config": "en_ner", "split": "validation", "limit": limits[0]}),
        ("held, RE", {"config": "en_re", "split": "validation", "limit": limits[0]}),
        *(
            (suite, {"config": "en_ner", "split": "zero_shot", "limit": limits[1], "sources": [suite]})
            for suite in SUITES
        ),
    ]
    for title, sample in samples:
        for decoding in DECODINGS:
            for model, weights in (("base", None), ("adapter", adapter)):
                folder = work / "scores" / f"{title.replace(', ', '-')}-{decoding}-{model}"
                done = evaluate(
                    recipe.base_model,
                    weights,
                    data=corpus,
                    decoding=decoding,
                    out=folder,
                    max_new_tokens=longest,
                    on_rows=reporter(f"{title}, {decoding}, {model}", "rows"),
                    **sample,
                )
                line = done.scores.lines[-1]
                low, high = json.loads((folder / "report.json").read_text("utf-8"))["analysis"][-1]["f1_interval"]
                c, a = line.counts, line.answers
                parsed = 100 * (a.rows - a.repaired - a.failed) / a.rows
                figures = (f"{value:.1f}" for value in (parsed, c.precision, c.recall, c.f1))
                yield title, decoding, model, a.rows, *figures, f"{low:.1f}–{high:.1f}"


def _facts(summary: dict[str, Any]) -> str:
    losses = [point["loss"] for point in summary["loss"]["validation"]]
    rows = summary["data"]["train"]["rows"]
    versions = ", ".join(f"{name} {number}" for name, number in summary["versions"].items())
    return "\n".join(
        (
            f"- {rows:,} rows, {summary['tokens']:,} tokens, {summary['steps']} steps in "
            f"{summary['seconds'] / 60:.0f} minutes on {summary['device']} ({platform.machine()}), "
            f"at most {summary['peak_memory'] / 2**30:.1f} GiB",
            f"- Validation loss {losses[0]:.3f} before, {losses[-1]:.3f} after",
            f"- Data digest `{summary['data']['train']['digest']}`, seed {summary['seed']}; {versions}",
        )
    )


if __name__ == "__main__":
    main()
