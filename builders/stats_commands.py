"""The command that counts a built corpus: stats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .console import echo_json, table

if TYPE_CHECKING:
    from .card_statistics import Table
    from .estimate import Estimate
    from .stats import CountTokens, Part, Statistics

TOKENIZER = "HuggingFaceTB/SmolLM2-135M-Instruct"
BALANCED = ("language", "task", "domain")


@click.command()
@click.argument("corpus", type=click.Path(path_type=Path), default=Path("iepile"), metavar="[DIR]")
@click.option("--tokenizer", metavar="NAME",
              help=f"Whose tokens to count, `none` for no tokens; {TOKENIZER} where it can be had.")  # fmt: skip
@click.option("--trust-remote-code", is_flag=True, help="Run the code that comes with the tokenizer.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw the mix of sources as PNG or SVG.")
@click.option("--card", is_flag=True, help="Put the tables into the corpus's card.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def stats(
    corpus: Path, tokenizer: str | None, trust_remote_code: bool, plot: Path | None, card: bool, as_json: bool
) -> None:
    """Count a built corpus: rows, labels, tokens, balance, duplicates, leaks; and estimate the whole."""
    from .estimate import estimate
    from .progress import reporter
    from .source import load_sources
    from .stats import measure, read_report

    counter, why_not = _token_counter(tokenizer, trust_remote_code)
    found = measure(corpus, counter, tokenizer or TOKENIZER, reporter("counting", "rows"))
    whole = estimate(found, load_sources().values(), read_report(corpus))
    if plot:
        from .plots import plot_mix

        plot_mix(found, plot)
    if card:
        from .card_statistics import write_into_card

        balance = [_balance(found, what) for what in BALANCED]
        write_into_card(corpus, [_parts(found), *balance, _estimates(whole)], f"{_legend(found)}\n\n{_assumed(whole)}")
    if as_json:
        return echo_json(_as_json(found, whole, why_not))
    click.echo(f"{table(*_parts(found))}\n\n{_legend(found)}")
    for what in BALANCED:
        click.echo(f"\n{table(*_balance(found, what))}")
    click.echo(f"\n{_repeats(found)}")
    click.echo(f"\n{table(*_estimates(whole))}\n{_assumed(whole)}")
    if why_not:
        click.echo(f"No tokens were counted: {why_not}")
    if plot:
        click.echo(f"The mix is drawn in {plot}.")


def _token_counter(name: str | None, trust_remote_code: bool) -> tuple[CountTokens | None, str]:
    """What counts tokens, or why nothing does; where a tokenizer was asked for by name, that is an error."""
    if name == "none":
        return None, ""
    from .errors import IEPileError

    try:
        import transformers
    except ModuleNotFoundError:
        why = "it needs transformers; pip install 'iepile[train]', or say --tokenizer none."
        if name:
            raise IEPileError(f"--tokenizer {name}: {why}") from None
        return None, why
    from ..training.base_models import load_tokenizer_alone

    transformers.logging.set_verbosity_error()  # it warns of texts longer than the model's window
    try:
        tokenizer = load_tokenizer_alone(name or TOKENIZER, trust_remote_code=trust_remote_code)
    except IEPileError as error:
        if name:
            raise
        return None, str(error)
    return lambda texts: [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"]], ""


def _parts(found: Statistics) -> Table:
    header = ["source", "task", "split", "records", "rows", "labels", "per row", "positive", "empty %", "characters"]
    rows = [[*_row(part), *([part.tokens / part.rows] if part.tokens is not None else [])] for part in found.parts]
    return [*header, *(["tokens"] if found.tokenizer else [])], rows


def _legend(found: Statistics) -> str:
    counted = f" Tokens by {found.tokenizer}." if found.tokenizer else ""
    return f"Per row: labels asked and those that have an answer, and tokens; characters per text.{counted}"


def _row(part: Part) -> list[Any]:
    return [
        *(part.source, part.task, part.split, part.records, part.rows, part.labels),
        *(part.asked / part.rows, part.positives / part.rows, 100 * part.empty / part.rows),
        part.characters / max(1, part.records),
    ]


def _balance(found: Statistics, what: str) -> Table:
    rows = found.rows_by(what)
    total = sum(rows.values())
    return [what, "training rows", "%"], [[name, n, 100 * n / total] for name, n in rows.items()]


def _repeats(found: Statistics) -> str:
    lines = [f"{sum(found.duplicates.values()):,} texts stand earlier in their split"]
    lines += [f"  {split}: {number:,}" for split, number in found.duplicates.items()]
    lines.append(f"{sum(found.leaks.values()):,} texts to train or tune on stand in a held-out split too")
    lines += [f"  {trained_on} in {held_out}: {number:,}" for (trained_on, held_out), number in found.leaks.items()]
    return "\n".join(lines)


def _estimates(whole: Estimate) -> Table:
    header = ["the whole corpus, estimated", "rows", *(["tokens"] if whole.tokens else [])]
    return header, [[split, n, *([whole.tokens[split]] if whole.tokens else [])] for split, n in whole.rows.items()]


def _assumed(whole: Estimate) -> str:
    from .estimate import PUBLISHED

    told = (
        "Assumed: a split has as many records as its source states, each with as many rows and tokens as those of it "
        f"that are here ({len(whole.measured)} splits), else of the source's other splits, else of its task "
        f"({len(whole.inferred)} splits)."
    )
    if whole.unknown:
        told += f" Left out, since their sizes are not known: {', '.join(whole.unknown)}."
    return f"{told}\n{PUBLISHED}"


def _as_json(found: Statistics, whole: Estimate, why_not: str) -> Mapping[str, Any]:
    return {
        "tokenizer": found.tokenizer or None,
        **({"no_tokens": why_not} if why_not else {}),
        "parts": [asdict(part) for part in found.parts],
        "balance": {what: found.rows_by(what) for what in (*BALANCED, "source")},
        "duplicates": dict(found.duplicates),
        "leaks": [{"trained_on": a, "held_out": b, "texts": number} for (a, b), number in found.leaks.items()],
        "estimate": asdict(whole),
    }
