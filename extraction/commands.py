"""The commands that run and score models: extract, score."""

from __future__ import annotations

from pathlib import Path

import click

from ..builders.console import echo_json

DECODINGS = click.Choice(["grounded", "json", "free"])


@click.command()
@click.argument("texts", nargs=-1, metavar="TEXT...")
@click.option("--model", required=True, metavar="ID", help="Base model: a Hub id or a folder.")
@click.option("--adapter", metavar="ID", help="LoRA adapter for it: a Hub id or a folder.")
@click.option("--task", help="NER, RE, EE, EET, EEA or SPO.")
@click.option(
    "--schema", required=True, metavar="LABELS|FILE", help="Labels with commas between, or a YAML/JSON file."
)
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the instruction; else guessed from the text.")
@click.option("--decoding", type=DECODINGS, default="grounded", show_default=True,
              help="`grounded`: what stands in the text; `json`: what parses; `free`: anything.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def extract(
    texts: tuple[str, ...],
    model: str,
    adapter: str | None,
    task: str | None,
    schema: str,
    language: str | None,
    decoding: str,
    as_json: bool,
) -> None:
    """Extract from each TEXT, or from each line of standard input, what SCHEMA asks for."""
    from .extractor import Extractor

    lines = list(texts) or [line for line in click.get_text_stream("stdin").read().splitlines() if line.strip()]
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
        for note in result.notes:
            click.echo(f"Note: {note}", err=True)


@click.command()
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--task", help="Of published rows that do not say.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def score(predictions: Path, task: str | None, as_json: bool) -> None:
    """Score a PREDICTIONS file: rows of ours with a `prediction` column, or the published prediction format."""
    from .metrics import score

    scores = score(predictions, task)
    if as_json:
        return echo_json(scores.to_dict())
    click.echo(scores.table())


COMMANDS = (extract, score)
