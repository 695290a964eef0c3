"""The command that releases: push-to-hub."""

from __future__ import annotations

from pathlib import Path

import click

from ..builders.console import echo_json, table


@click.command("push-to-hub")
@click.argument("namespace")
@click.option("--dataset", type=click.Path(path_type=Path), metavar="DIR", help="A built corpus: NAMESPACE/iepile.")
@click.option("--adapter", type=click.Path(path_type=Path), metavar="DIR",
              help="A trained adapter: NAMESPACE/iepile-BASE-lora.")  # fmt: skip
@click.option("--space", is_flag=True, help="The demo, on that adapter: NAMESPACE/iepile-extraction.")
@click.option("--private", is_flag=True, help="Make new repositories private.")
@click.option("--dry-run", is_flag=True, help="List what would be pushed; send nothing.")
@click.option("--staging", type=click.Path(path_type=Path), metavar="DIR",
              help="Keep the folders of exactly what is pushed here.")  # fmt: skip
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
    """Push a corpus, an adapter and the demo to the Hub that HF_ENDPOINT names."""
    if not (dataset or adapter or space):
        raise click.UsageError("Nothing to push: name --dataset DIR, --adapter DIR or --space.")
    from .release import push

    repositories = push(
        namespace, dataset=dataset, adapter=adapter, space=space, private=private, dry_run=dry_run, staging=staging
    )
    if as_json:
        return echo_json([repository.to_dict() for repository in repositories])
    for repository in repositories:
        verb = "Would push" if dry_run else "Pushed"
        click.echo(
            f"{verb} {repository.type} {repository.id}: {len(repository.files)} files, {repository.size:,} bytes"
        )
        if dry_run:
            click.echo(table(["  file", "bytes"], [[f"  {path}", size] for path, size in repository.files.items()]))
            for key, value in repository.variables.items():
                click.echo(f"  variable {key}={value}")
        else:
            click.echo(f"  {repository.url}")
        for warning in repository.warnings:
            click.echo(f"warning: {warning}", err=True)
    if staging:
        click.echo(f"Staged in {staging}.")


COMMANDS: tuple[click.Command, ...] = (push_to_hub,)
