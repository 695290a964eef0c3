"""What all commands share: the group, errors as one sentence, tables."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from .. import __version__
from .errors import IEPileError


class _Group(click.Group):
    """Prints an `IEPileError` as one sentence and exits with 1; `--debug` keeps the traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (IEPileError, OSError) as error:
            if ctx.params.get("debug"):
                raise
            # Of the system's errors those that name a file are the user's: no space, no permission.
            if isinstance(error, OSError) and not error.filename:
                raise
            click.echo(f"iepile: {error}", err=True)
            sys.exit(1)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        return super().resolve_command(ctx, [args[0].replace("_", "-"), *args[1:]])  # push_to_hub is accepted too


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(__version__, message="%(version)s")
def cli(debug: bool) -> None:
    """Make, load, train on, measure, release and demo information-extraction instruction corpora."""
    if not sys.stderr.isatty():  # the libraries' bars; ours become plain lines by themselves
        os.environ.setdefault("TQDM_DISABLE", "1")
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns aligned by blanks; numbers to the right."""
    cells = [[format_cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(header), *cells]) for i in range(len(header))]
    right = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]
    lines = [[text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right, strict=True)]
             for line in [list(header), *cells]]  # fmt: skip
    return "\n".join("  ".join(line).rstrip() for line in lines)


def echo_json(value: Any) -> None:
    """What a program reads: one JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def format_cell(value: object) -> str:
    """A number with its thousands parted, or with two decimals; anything else as it is."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}" if isinstance(value, float) else str(value)
