"""The command that releases: push-to-hub."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import click

from ..builders.console import echo_json, table


@click.command("push-to-hub")
@click.argument("namespace")
@click.option("--dataset", type=click.Path(path_type=Path), metavar="DIR", help="A built corpus.")
@click.option("--adapter", type=click.Path(path_type=Path), metavar="DIR", help="What `iepile train` wrote.")
@click.option("--space", is_flag=True, help="The Gradio demo, running the adapter.")
@click.option("--private", is_flag=True, help="Make new repositories private.")
@click.option("--dry-run", is_flag=True, help="Check, stage and list; send nothing.")
@click.option("--staging", type=click.Path(path_type=Path), metavar="DIR", help="Keep there what is uploaded.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def push_to_hub(
    namespace: str,
    dataset: Path | None,
    adapter: Path | None,
    space: bool,
    private: bool,
    dry_run: bool,
    staging: Path | None,
    as_json: bool,
) -> None:
    """Release a corpus, an adapter and a demo under NAMESPACE, a user or organisation of the Hub."""
    if not _is_public_hub(os.environ.get("HF_ENDPOINT", "")):
        # Only the public Hub stores by Xet, and the upload has no way back from it. It is read once, at import.
        os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    from .release import push

    pushed = push(
        namespace, dataset=dataset, adapter=adapter, space=space, private=private, dry_run=dry_run, staging=staging
    )
    if as_json:
        return echo_json([repository.to_dict() for repository in pushed])
    for repository in pushed:
        click.echo(f"{repository.type} {repository.id}: {len(repository.files)} files, {repository.size:,} bytes")
        click.echo(table(["bytes", "file"], [[size, path] for path, size in repository.files.items()]))
        for warning in repository.warnings:
            click.echo(f"Warning: {warning}", err=True)
        click.echo(f"pushed to {repository.url}" if repository.url else "not pushed: this was a dry run")


def _is_public_hub(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or "huggingface.co"
    return host == "huggingface.co" or host.endswith(".huggingface.co")


COMMANDS = (push_to_hub,)
