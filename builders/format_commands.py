"""The commands for other texts and other trainers: prepare, convert."""

from __future__ import annotations

from pathlib import Path

import click

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("texts", type=_FILE)
@click.option("--schema", required=True, type=_FILE, metavar="FILE",
              help="What to ask for: labels, label and description, roles, … as JSON or YAML.")  # fmt: skip
@click.option("--task", help="NER, RE, EE, EET, EEA, SPO or KG; may be left out where the schema tells.")
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the instruction; else guessed from each text.")
@click.option("--descriptions", type=_FILE, metavar="FILE", help="Say what labels mean: YAML or JSON, label: text.")
@click.option("--split-num", default=0, type=click.IntRange(0), metavar="N",
              help="Options in a row at most; the task's own if 0.")  # fmt: skip
@click.option("--out", type=_FILE, required=True, metavar="FILE", help="Rows as JSON lines; replaced where it is.")
def prepare(
    texts: Path,
    schema: Path,
    task: str | None,
    language: str | None,
    descriptions: Path | None,
    split_num: int,
    out: Path,
) -> None:
    """Write inference rows for TEXTS: JSON with `text` (.jsonl or .json), or a text a line.

    The rows have the corpus's columns, in the batches and with the prompts of its test rows; `output` is empty.
    """
    from dataclasses import replace

    import orjson

    from ..extraction.prepare import prepare, read_texts
    from ..extraction.schemas import read_schema
    from .atomic import atomic_file
    from .errors import FormatError
    from .wording import read_words

    asked, rows = read_schema(schema, task), 0
    if descriptions:
        words = read_words(descriptions).get("")
        if not words:
            raise FormatError(f"{descriptions}: this tells of sources; for a schema of your own write label: text.")
        asked = replace(asked, descriptions={**asked.descriptions, **words})
    with atomic_file(out) as file:
        for row in prepare(read_texts(texts), asked, texts.stem, language, split_num):
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            rows += 1
    click.echo(f"{rows:,} rows of {asked.task.name} in {out}.")


@click.command()
@click.argument("data", type=_FILE)
@click.option("--to", "name", required=True, type=click.Choice(["messages", "alpaca", "sharegpt"]),
              help="`messages` for TRL and Axolotl, `alpaca` or `sharegpt` for LLaMA-Factory.")  # fmt: skip
@click.option("--config", default="all", show_default=True, help="Such as en_ner.")
@click.option("--split", default="train", show_default=True, help="train, validation, test or zero_shot.")
@click.option("--out", type=_FILE, required=True, metavar="FILE", help="JSON lines; replaced where it is.")
def convert(data: Path, name: str, config: str, split: str, out: Path) -> None:
    """Write a config of DATA, a built corpus, for another trainer, its prompts unchanged."""
    from .. import load
    from .chat_formats import convert

    rows = convert(load(config, split, data_dir=data, streaming=True), name, out)
    click.echo(f"{rows:,} rows of {config} ({split}) in {out}.")


COMMANDS = (prepare, convert)
