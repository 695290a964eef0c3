"""The command that trains."""

from __future__ import annotations

import click

from ..builders.console import echo_json


@click.command()
@click.argument("recipe")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the training summary as JSON.")
def train(recipe: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Train a LoRA adapter by RECIPE: a YAML file, or the name of one that comes with the package."""
    import json

    from .recipe import load_recipe
    from .sft import train

    folder = train(load_recipe(recipe, overrides))
    if as_json:
        return echo_json(json.loads((folder / "training_summary.json").read_text("utf-8")))
    click.echo(f"The adapter is in {folder}; training_summary.json and loss.png beside it say how it went.")


COMMANDS = (train,)
