"""The commands about hard negatives: build a dictionary of them, show why each is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from .console import echo_json


@click.group("hard-negatives")
def hard_negatives() -> None:
    """Find what a model would take for what: the labels that a record is asked for beside those that it has."""


_encoder = click.option(
    "--encoder", metavar="NAME", help="Guess the kinds of unknown words: `use`, or a model of sentence-transformers."
)
_predictions = click.option(
    "--from-predictions", "predictions", type=click.Path(path_type=Path), metavar="FILE",
    help="Link the labels that a model confuses in these answers (as `iepile score` reads them).",
)  # fmt: skip


@hard_negatives.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option("--task", help="The schema's task: NER, RE, SPO, EE or EET.")
@click.option("--schema", type=click.Path(path_type=Path), metavar="FILE",
              help="This schema alone: a JSON list of labels, or a published schema.json.")  # fmt: skip
@click.option("--language", type=click.Choice(["en", "zh"]), help="That of the labels; else it is seen from them.")
@click.option("--records", type=click.Path(path_type=Path), metavar="FILE",
              help="Annotated records as JSON lines: labels of the same mentions are alike.")  # fmt: skip
@_predictions
@_encoder
@click.option("--out", type=click.Path(path_type=Path), default=Path("hard_negatives.json"), show_default=True,
              help="The dictionary, as JSON.")  # fmt: skip
def build(
    names: tuple[str, ...],
    task: str | None,
    schema: Path | None,
    language: str | None,
    records: Path | None,
    predictions: Path | None,
    encoder: str | None,
    out: Path,
) -> None:
    """Write the hard negatives of a schema (flat), or those of sources (by task and source), to a file.

    Without a schema: of the sources named, else of those in the predictions, else of all.
    """
    from .hard_negatives import write_dictionary

    if schema is None and (task or language or records):
        raise click.UsageError("--task, --language and --records are about a schema; name it with --schema.")
    if schema is None:
        nested: dict[str, dict[str, Any]] = {}
        for name, key, finder in _of_sources(names, predictions, encoder):
            nested.setdefault(name, {})[key] = finder.negatives
        write_dictionary(out, nested)
        sources = {key for negatives in nested.values() for key in negatives}
        click.echo(f"The hard negatives of {len(sources)} sources in {out}; `iepile build --hard-negatives` takes it.")
    elif names or task is None:
        raise click.UsageError("--schema stands for itself: name its task with --task, and no source.")
    else:
        flat = _of_schema(schema, task, language, records, predictions, encoder).negatives
        write_dictionary(out, flat)
        click.echo(f"{sum(map(len, flat.values())):,} hard negatives of {len(flat)} labels in {out}.")


@hard_negatives.command()
@click.argument("name", metavar="SOURCE")
@click.option("--task", help="Only this task of the source.")
@_predictions
@_encoder
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(name: str, task: str | None, predictions: Path | None, encoder: str | None, as_json: bool) -> None:
    """Show the hard negatives of a source, and why each is there."""
    from .hard_negatives import option_name

    found = {
        task_name: {
            option_name(option): {option_name(other): finder.why(option, other) for other in others}
            for option, others in finder.negatives.items()
        }
        for task_name, _, finder in _of_sources((name,), predictions, encoder)
        if task is None or task_name == task.upper()
    }
    if not found:
        raise click.UsageError(f"{name} has no task {task}.")
    if as_json:
        return echo_json(found)
    for task_name, labels in found.items():
        click.echo(f"{name}, {task_name}")
        for label, others in labels.items():
            click.echo(f"  {label}")
            for other, reason in others.items():
                click.echo(f"    {other}: {reason}")


def _of_schema(
    path: Path, task: str, language: str | None, records: Path | None, predictions: Path | None, encoder: str | None
) -> Any:
    """What finds the negatives of a schema of the user's own."""
    from ..extraction.schemas import read_schema
    from .kinds import is_chinese
    from .source_negatives import schema_negatives

    asked = read_schema(path, task)
    options = asked.task.options(asked.schema)
    confusions: Counter[tuple[str, str]] = Counter()
    for (name, _), counts in _confusions(predictions).items():
        confusions.update(counts if name == asked.task.name else {})
    return schema_negatives(
        asked.task.name,
        asked.schema,
        language or ("zh" if any(is_chinese(str(option)) for option in options) else "en"),
        confusions=confusions,
        records=tuple(_read_records(records)) if records else (),
        **_evidence(encoder),
    )


def _of_sources(names: Iterable[str], predictions: Path | None, encoder: str | None) -> Iterator[tuple[str, str, Any]]:
    """Yield (task, the source's key in dictionaries, what finds its negatives)."""
    from .shards import configs_of
    from .source import get_source, load_sources
    from .source_negatives import source_negatives
    from .tasks import TASKS

    confusions = _confusions(predictions)
    seen = {name for _, name in confusions}
    sources = [get_source(name) for name in names] or [
        source for source in load_sources().values() if not seen or {source.name, source.key} & seen
    ]
    evidence = _evidence(encoder)
    for source in sources:
        for config in configs_of(source):
            task = TASKS[config.partition("_")[2].upper()]
            if task.asks_negatives:
                counts = confusions.get((task.name, source.name)) or confusions.get((task.name, source.key)) or {}
                yield (
                    task.name,
                    source.key or source.name,
                    source_negatives(source, task.name, confusions=counts, **evidence),
                )


def _evidence(encoder: str | None) -> dict[str, Any]:
    if not encoder:
        return {}
    from .label_encoders import encoder_kinds, load_encoder

    return {"kinds_of": encoder_kinds(load_encoder(encoder))}


def _confusions(predictions: Path | None) -> dict[tuple[str, str], dict[tuple[str, str], int]]:
    if predictions is None:
        return {}
    from ..extraction.confusions import read_confusions

    return read_confusions(predictions)


def _read_records(path: Path) -> Iterator[Any]:
    from .errors import FormatError
    from .readers.lines import read_json_lines
    from .records import Record, Rejected

    for item in read_json_lines(path):
        if isinstance(item, Rejected):
            raise FormatError(f"{item.origin}: {item.reason}; a records file holds one JSON object a line.")
        origin, data = item
        try:
            yield Record.from_dict(data, origin)
        except (AttributeError, KeyError, TypeError):
            raise FormatError(f"{origin}: no record; see DESIGN.md's `text`, `entity`, `relation`, `event`.") from None


COMMANDS = (hard_negatives,)
