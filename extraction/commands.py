"""The commands that run and score models: extract, evaluate, score, demo."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..builders.console import echo_json
from ..builders.errors import IEPileError

DECODINGS = click.Choice(["grounded", "json", "free"])
PROFILES = click.Choice(["default", "published"])


def _model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that asks a model."""
    options = (
        click.option("--model", metavar="ID", help="Base model: a Hub id or a folder; the adapter's own if absent."),
        click.option("--adapter", metavar="ID", help="LoRA adapter for it: a Hub id or a folder."),
        click.option("--url", help="A server that speaks OpenAI's chat completions; MODEL is its name there."),
        click.option("--decoding", type=DECODINGS, default="grounded", show_default=True,
                     help="`grounded`: what stands in the text; `json`: what parses; `free`: anything."),
        click.option("--batch-size", type=click.IntRange(1), metavar="N", help="Prompts answered together."),
        click.option("--max-new-tokens", type=click.IntRange(1), metavar="N", help="The longest answer, in tokens."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _backend_options(url: str | None, batch_size: int | None, max_new_tokens: int | None) -> dict[str, Any]:
    """What `Extractor.from_pretrained` takes; of a server, a batch is what it is asked at a time."""
    server = {"backend": "openai", "url": url} if url else {}
    given = {**server, "concurrency" if url else "batch_size": batch_size, "max_new_tokens": max_new_tokens}
    return {name: value for name, value in given.items() if value is not None}


@click.command()
@click.argument("texts", nargs=-1, metavar="TEXT...")
@_model_options
@click.option("--task", help="NER, RE, EE, EET, EEA, SPO or KG.")
@click.option(
    "--schema", required=True, metavar="LABELS|FILE", help="Labels with commas between, or a YAML/JSON file."
)
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the instruction; else guessed from the text.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), default=0.0, help="Leave out what the model is less sure of."
)
@click.option("--window", type=click.IntRange(1), metavar="N", help="Tokens of a long text to ask about at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def extract(
    texts: tuple[str, ...],
    model: str | None,
    adapter: str | None,
    url: str | None,
    decoding: str,
    batch_size: int | None,
    max_new_tokens: int | None,
    task: str | None,
    schema: str,
    language: str | None,
    threshold: float,
    window: int | None,
    as_json: bool,
) -> None:
    """Extract from each TEXT, or from each line of standard input, what SCHEMA asks for."""
    from .extractor import Extractor

    lines = list(texts) or [line for line in sys.stdin.read().splitlines() if line.strip()]
    asked = Path(schema) if Path(schema).is_file() else [label.strip() for label in schema.split(",")]
    extractor = Extractor.from_pretrained(model, adapter, **_backend_options(url, batch_size, max_new_tokens))
    results = extractor.extract(
        lines, asked, task=task, language=language, decoding=decoding, threshold=threshold, window=window
    )
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
@click.option("--profile", type=PROFILES, default="default", show_default=True,
              help="`published`: by the rule that published figures were made by, to the last digit.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def score(predictions: Path, task: str | None, profile: str, as_json: bool) -> None:
    """Score a PREDICTIONS file: rows of ours with a `prediction` column, or the published prediction format."""
    from .scoring import score

    scores = score(predictions, task, profile=profile)
    if as_json:
        return echo_json(scores.to_dict())
    click.echo(scores.table())


@click.command()
@_model_options
@click.option("--data", default="iepile", show_default=True, metavar="DIR", help="A built corpus, or native files.")
@click.option("--suite", metavar="NAME", help="zero-shot-en, zero-shot-zh or supervised, beside the published scores.")
@click.option("--config", default="all", show_default=True, help="Such as en_ner.")
@click.option("--split", default="test", show_default=True, help="train, validation, test or zero_shot.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this source; may be repeated.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only N records of each task and source.")
@click.option("--seed", default=42, show_default=True, help="Of all that is drawn: records, examples, orders.")
@click.option("--shots", type=click.IntRange(0), default=0, metavar="K", help="Examples from train before a question.")
@click.option(
    "--orders", type=click.IntRange(1), default=1, metavar="N", help="Orders to ask a schema in: mean, spread."
)
@click.option("--profile", type=PROFILES, default="default", show_default=True, help="How to score; see `score`.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
              help="Write predictions and report there; a stopped run goes on there.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(
    model: str | None,
    adapter: str | None,
    url: str | None,
    batch_size: int | None,
    max_new_tokens: int | None,
    suite: str | None,
    sources: tuple[str, ...],
    out: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Run a model on rows of a corpus and score it: micro precision, recall and F1 by task and source."""
    from ..builders.progress import reporter
    from .evaluate import evaluate
    from .suites import get_suite

    if suite and (named := [n for n in ("config", "split", "sources") if _given(n)]):
        raise click.UsageError(f"A suite names its own rows: leave --{named[0].removesuffix('s')} out.")
    done = evaluate(
        model,
        adapter,
        suite=suite,
        sources=sources or None,
        out=out,
        on_rows=reporter("evaluating", "rows"),
        **settings,
        **_backend_options(url, batch_size, max_new_tokens),
    )
    if as_json:
        return echo_json(done.to_dict())
    click.echo(done.scores.table())
    if suite:
        click.echo(f"\n{get_suite(suite).table(done.scores)}")
    if out:
        click.echo(f"predictions.jsonl, report.md and report.json are in {out}.")


def _given(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


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
