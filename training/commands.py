"""The commands that train and export."""

from __future__ import annotations

from pathlib import Path

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


@click.command()
@click.argument("adapter")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the merged model.")
@click.option("--base", metavar="ID", help="The base model, for an adapter that does not name it.")
@click.option("--gguf", type=click.Path(path_type=Path), metavar="CONVERTER",
              help="Make a GGUF too, by llama.cpp's convert_hf_to_gguf.py: a path, or its name on PATH.")  # fmt: skip
@click.option("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32", show_default=True,
              help="Of the merged weights.")  # fmt: skip
@click.option("--trust-remote-code", is_flag=True, help="Run the code that comes with the base.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def export(
    adapter: str, out: Path, base: str | None, gguf: Path | None, dtype: str, trust_remote_code: bool, as_json: bool
) -> None:
    """Merge ADAPTER (a folder or a Hub id) into its base, for other programs to serve."""
    from dataclasses import asdict

    from .export import export

    made = export(adapter, out, base=base, gguf=gguf, dtype=dtype, trust_remote_code=trust_remote_code)
    if as_json:
        return echo_json({key: str(v) if isinstance(v, Path) else v for key, v in asdict(made).items()})
    click.echo(f"The merged model is in {made.folder}; its logits differ from the adapter's by {made.difference:.1e}.")
    click.echo(f"Ollama:            ollama create NAME -f {made.modelfile}")
    click.echo(f"vLLM:              {made.vllm}")
    click.echo(f"vLLM, as adapter:  {made.vllm_adapter}")


COMMANDS = (train, export)
