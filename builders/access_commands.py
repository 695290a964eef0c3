"""The commands about the sources' files: sources lists them, fetch downloads what is public."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import click

from .console import echo_json, table

if TYPE_CHECKING:
    from .downloads import Download
    from .fetch import Outcome
    from .source import Source


@click.command()
@click.argument("name", required=False)
@click.option("--raw", type=click.Path(path_type=Path), help="Folder of native files: show what of each is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--markdown", is_flag=True, help="Print the list as a Markdown table.")
def sources(name: str | None, raw: Path | None, as_json: bool, markdown: bool) -> None:
    """List the sources, or show one: task, language, licence, files and how to come by them."""
    from .source import get_source, load_sources
    from .variants import variants

    def describe(source: Source) -> dict[str, Any]:
        folder = source.folder(raw) if raw else None
        return {
            "name": source.name,
            "task": source.task,
            "language": source.language,
            "domain": source.domain,
            "splits": list(source.splits),
            "labels": len(source.label_names),
            "licence": source.licence,
            "redistribute": source.redistribute,
            "obtained": source.obtained,
            **({"present": list(source.find(folder)) if folder else []} if raw else {}),
        }

    if name is None:
        rows = [describe(source) for source in load_sources().values()]
        if as_json:
            return echo_json(rows)
        shown = ["name", "task", "language", *(["domain", "labels"] if markdown else []), "redistribute", "obtained"]
        shown += [*(["present"] if raw else []), *([] if markdown else ["licence"])]
        cells = [[", ".join(r[c]) if isinstance(r[c], list) else r[c] for c in shown] for r in rows]
        if markdown:
            lines = [shown, ["---"] * len(shown), *cells]
            return click.echo("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))
        return click.echo(f"{table(shown, cells)}\nAnd by `iepile build --variant`: {', '.join(variants())}.")
    source = get_source(name, tuple(variants().values()))
    details = {
        **describe(source),
        "label names": list(source.label_names),
        "homepage": source.homepage,
        "citation": source.citation,
        **({"owner": source.owner} if source.owner else {}),
        "access": source.access,
        "files": {split: [f.spellings[0] for f in files] for split, files in source.files.items()},
        "folder": f"{raw or 'RAW'}/{source.place}/",
        "addresses": _addresses(source),
    }
    if as_json:
        return echo_json(details)
    for key, value in details.items():
        if isinstance(value, dict):
            value = "; ".join(f"{split}: {', '.join(files)}" for split, files in value.items())
        click.echo(f"{key + ':':14}{', '.join(value) if isinstance(value, list) else value}")


def _addresses(source: Source) -> list[str]:
    files = (file for files in source.files.values() for file in files if file.url)
    return list(dict.fromkeys(file.url if file.tried else f"{file.url} (untried)" for file in files))


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--raw", type=click.Path(path_type=Path), required=True, help="Folder that gets a folder a source.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 16), help="Downloads at once.")
@click.option("--agreed", is_flag=True,
              help="You have agreed to the owners' terms: download the sources named too.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be downloaded.")
@click.option("--source", "modules", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="A Python file of your own that defines a Source; may be repeated.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fetch(
    names: tuple[str, ...],
    raw: Path,
    workers: int,
    agreed: bool,
    dry_run: bool,
    modules: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Download the files of the sources that are public; tell how to come by the others.

    All sources that are not there yet, or those named. What broke off is taken up where it did.
    """
    if agreed and not names:
        raise click.UsageError("--agreed is about sources that you name.")
    from .errors import IEPileError
    from .fetch import fetch as download
    from .fetch import plan, with_sizes
    from .source import get_source, load_sources

    modules = tuple(path.resolve() for path in modules)
    asked = [get_source(name, modules) for name in names] or list(load_sources(modules).values())
    missing = [source for source in asked if _absent(source, raw)]
    public = [s for s in missing if s.obtained == "fetch" or (agreed and s.obtained == "by agreement")]
    downloads = with_sizes(plan(public, raw), workers)
    if not as_json and downloads:
        click.echo(_plan_table(downloads, raw))
    outcomes: list[Outcome] = []
    if not dry_run and downloads:
        with _Progress(downloads) as progress:
            for outcome in download(downloads, workers=workers, report=progress.report):
                outcomes.append(outcome)
                progress.done(outcome)
    others = [s for s in missing if not any(s.name in d.sources for d in downloads)]
    if as_json:
        echo_json(
            {
                "raw": str(raw),
                "present": [s.name for s in asked if s not in missing],
                "downloads": _described(downloads, outcomes),
                "instructions": [_instructions(source, raw) for source in others],
            }
        )
    else:
        _tell(asked, public, others, outcomes, raw)
    failed = [outcome for outcome in outcomes if outcome.error]
    if failed:
        raise IEPileError(f"{len(failed)} of {len(outcomes)} downloads failed; the next run takes up what broke off.")


def _absent(source: Source, raw: Path) -> list[str]:
    """The splits whose files are not there."""
    folder = source.folder(raw)
    found = source.find(folder) if folder else {}
    return [split for split in source.splits if split not in found]


def _plan_table(downloads: Sequence[Download], raw: Path) -> str:
    rows = [
        [
            ", ".join(d.sources) if len(d.sources) < 3 else f"{d.sources[0]} and {len(d.sources) - 1} more",
            str(d.target.relative_to(raw)),
            _bytes(d.told),
            d.url if d.tried else f"{d.url} (untried)",
        ]
        for d in downloads
    ]
    known = sum(d.told or 0 for d in downloads)
    unknown = sum(d.told is None for d in downloads)
    total = f"{_counted(len(downloads))}, {_bytes(known)}" + (f" and {unknown} of unknown size" if unknown else "")
    return f"{table(['source', 'to', 'size', 'address'], rows)}\n{total}"


def _counted(number: int) -> str:
    return "1 download" if number == 1 else f"{number} downloads"


def _bytes(size: int | None) -> str:
    if size is None:
        return "unknown"
    if size < 1000:
        return f"{size} B"
    amount, units = size / 1000, ["kB", "MB", "GB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.1f} {units[0]}"


def _instructions(source: Source, raw: Path) -> dict[str, Any]:
    folder = source.folder(raw) or raw / source.place
    names = dict.fromkeys(file.spellings[0] for files in source.files.values() for file in files)
    return {
        "source": source.name,
        "obtained": source.obtained,
        "owner": source.owner,
        "address": source.homepage,
        "licence": source.licence,
        "access": source.access,
        "put": [str(folder / name) for name in names],
    }


def _described(downloads: Sequence[Download], outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What a program reads of each download; without an outcome none was asked for."""
    became = {id(outcome.download): outcome for outcome in outcomes}
    described = []
    for download in downloads:
        outcome = became.get(id(download))
        described.append(
            {
                "sources": list(download.sources),
                "url": download.url,
                "to": str(download.target),
                "size": outcome.size if outcome and not outcome.error else download.told,
                "sha256": download.sha256,
                "tried": download.tried,
                "status": "planned" if outcome is None else "failed" if outcome.error else "fetched",
                **({"error": outcome.error} if outcome and outcome.error else {}),
            }
        )
    return described


def _tell(
    asked: Sequence[Source], public: Sequence[Source], others: Sequence[Source], outcomes: Sequence[Outcome], raw: Path
) -> None:
    """What became of each source that was asked for."""
    for outcome in outcomes:
        if outcome.error:
            click.echo(f"{', '.join(outcome.download.sources)}: {outcome.error}", err=True)
    if outcomes:
        failed = {name for outcome in outcomes if outcome.error for name in outcome.download.sources}
        for source in public:
            if source.name not in failed and (absent := _absent(source, raw)):
                click.echo(f"{source.name}: what was downloaded has no {' and no '.join(absent)}; {source.wanted}")
        got = [outcome for outcome in outcomes if not outcome.error]
        click.echo(f"{_counted(len(got))}, {_bytes(sum(outcome.size for outcome in got))}, in {raw}.")
    for source in others:
        told = _instructions(source, raw)
        owner = f" with {told['owner']}" if told["owner"] else ""
        click.echo(f"{source.name}: {source.obtained}{owner}. Licence: {source.licence}. Address: {source.homepage}.")
        click.echo(f"    {source.access} Put it at {', '.join(told['put'])}.")
    if not public and not others:
        click.echo(f"All {len(asked)} are in {raw}." if len(asked) > 1 else f"{asked[0].name} is in {raw}.")


class _Progress:
    """A bar of bytes on a terminal, a line a finished file elsewhere."""

    def __init__(self, downloads: Sequence[Download]) -> None:
        from tqdm import tqdm

        sizes = [download.told for download in downloads]
        total = None if None in sizes else sum(size or 0 for size in sizes)
        self._lock = Lock()
        self._number, self._count = 0, len(downloads)
        # Where it is no terminal the bar is off, and `done` speaks.
        self._bar = tqdm(
            total=total,
            desc="fetching",
            unit="B",
            unit_scale=True,
            dynamic_ncols=True,
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def report(self, more: int) -> None:
        """Bytes that came, from any thread."""
        with self._lock:
            self._bar.update(more)

    def done(self, outcome: Outcome) -> None:
        """One download is over."""
        self._number += 1
        if self._bar.disable:
            what = "failed" if outcome.error else _bytes(outcome.size)
            name = f"{outcome.download.sources[0]}: {outcome.download.target.name}"
            sys.stderr.write(f"fetching: {self._number} of {self._count}, {name}, {what}\n")
