"""The commands that run and score models: extract, evaluate, score, demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..builders.console import echo_json
from ..builders.errors import IEPileError

DECODINGS = click.Choice(["grounded", "json", "free"])


@click.command()
@click.argument("texts", nargs=-1, metavar="TEXT...")
@click.option("--model", metavar="ID", help="Base model: a Hub id or a folder; the adapter's own if absent.")
@click.option("--adapter", metavar="ID", help="LoRA adapter for it: a Hub id or a folder.")
@click.option("--task", help="NER, RE, EE, EET, EEA, SPO or KG.")
@click.option(
    "--schema", required=True, metavar="LABELS|FILE", help="Labels with commas between, or a YAML/JSON file."
)
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the instruction; else guessed from the text.")
@click.option("--decoding", type=DECODINGS, default="grounded", show_default=True,
              help="`grounded`: what stands in the text; `json`: what parses; `free`: anything.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def extract(
    texts: tuple[str, ...],
    model: str | None,
    adapter: str | None,
    task: str | None,
    schema: str,
    language: str | None,
    decoding: str,
    as_json: bool,
) -> None:
    """Extract from each TEXT, or from each line of standard input, what SCHEMA asks for."""
    from .extractor import Extractor

    lines = list(texts) or [line for line in sys.stdin.read().splitlines() if line.strip()]
    asked = Path(schema) if Path(schema).is_file() else [label.strip() for label in schema.split(",")]
    extractor = Extractor.from_pretrained(model, adapter)
    results = extractor.extract(lines, asked, task=task, language=language, decoding=decoding)
    if as_json:
        return echo_json([result.to_dict() for result in results])
    for result in results:
        for label, mention in result.mentions():
            place = "" if mention.start is None else f"  [{mention.start}:{mention.end}]"
            click.echo(f"{label}: {mention.text}{place}")
        for subject, relation, value in result.to_triples():
            click.echo(f"{subject} — {relation} → {value}")
        if not any(result.mentions()):
            click.echo(f"Nothing found in {result.text[:60]!r}.")
        for note in result.notes:
            click.echo(f"Note: {note}", err=True)


@click.command()
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--task", help="Of published rows that do not say.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def score(predictions: Path, task: str | None, as_json: bool) -> None:
    """Score a PREDICTIONS file: rows of ours with a `prediction` column, or the published prediction format."""
    from .scoring import score

    scores = score(predictions, task)
    if as_json:
        return echo_json(scores.to_dict())
    click.echo(scores.table())


@click.command()
@click.option("--model", metavar="ID", help="Base model: a Hub id or a folder; the adapter's own if absent.")
@click.option("--adapter", metavar="ID", help="LoRA adapter for it: a Hub id or a folder.")
@click.option("--data", default="iepile", show_default=True, metavar="DIR", help="A built corpus, or native files.")
@click.option("--config", default="all", show_default=True, help="Such as en_ner.")
@click.option("--split", default="test", show_default=True, help="train, validation, test or zero_shot.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this source; may be repeated.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only N records of each task and source.")
@click.option("--seed", default=42, show_default=True, help="Draws those records.")
@click.option("--decoding", type=DECODINGS, default="grounded", show_default=True, help="As for extract.")
@click.option("--batch-size", type=click.IntRange(1), metavar="N", help="Prompts answered together.")
@click.option("--max-new-tokens", type=click.IntRange(1), metavar="N", help="The longest answer, in tokens.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write predictions and report there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(
    model: str | None,
    adapter: str | None,
    data: str,
    config: str,
    split: str,
    sources: tuple[str, ...],
    limit: int | None,
    seed: int,
    decoding: str,
    batch_size: int | None,
    max_new_tokens: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run a model on rows of a corpus and score it: micro precision, recall and F1 by task and source."""
    from ..builders.progress import reporter
    from .evaluate import evaluate

    options: dict[str, Any] = {"batch_size": batch_size, "max_new_tokens": max_new_tokens}
    done = evaluate(
        model,
        adapter,
        data=data,
        config=config,
        split=split,
        sources=sources or None,
        limit=limit,
        seed=seed,
        decoding=decoding,
        out=out,
        on_rows=reporter("evaluating", "rows"),
        **{name: value for name, value in options.items() if value is not None},
    )
    if as_json:
        return echo_json(done.to_dict())
    click.echo(done.scores.table())
    if out:
        click.echo(f"predictions.jsonl, report.md and report.json are in {out}.")


@click.command()
@click.option("--model", metavar="ID", help="Base model: a Hub id or a folder; the adapter's own if absent.")
@click.option("--adapter", metavar="ID", help="LoRA adapter; the one last trained in runs/ if neither is named.")
@click.option("--port", type=click.IntRange(0, 65535), help="Gradio's own choice if absent.")
def demo(model: str | None, adapter: str | None, port: int | None) -> None:
    """Open the Gradio app on an adapter, or on a base model alone."""
    if model is None and adapter is None:
        trained = sorted(Path("runs").glob("*/adapter_config.json"), key=lambda path: path.stat().st_mtime)
        if not trained:
            raise click.UsageError("There is no adapter in runs/: name one with --adapter, or a base with --model.")
        adapter = str(trained[-1].parent)
    try:
        from ..spaces.extraction.app import LAUNCH, build_app
    except ImportError as error:
        raise IEPileError(f"The demo needs {error.name}; run `pip install 'iepile[space]'`.") from None
    from .extractor import Extractor

    build_app(Extractor.from_pretrained(model, adapter)).launch(server_port=port, **LAUNCH)


COMMANDS = (extract, evaluate, score, demo)
