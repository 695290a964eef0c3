"""The commands that make a corpus: build, and those of the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .access_commands import fetch, sources
from .console import echo_json, table
from .format_commands import convert, prepare
from .negatives_commands import hard_negatives
from .stats_commands import stats
from .variants import variants

if TYPE_CHECKING:
    from .wording import Wording


@click.command()
@click.option("--raw", type=click.Path(path_type=Path), help="Folder that holds a folder of native files a source.")
@click.option("--sample", is_flag=True, help="Build from the bundled toy files of every source instead.")
@click.option("--release", type=click.Path(path_type=Path), metavar="DIR",
              help="A release in the published layout (IE-en/NER/…), beside --raw or alone.")  # fmt: skip
@click.option("--out", default="iepile", show_default=True, metavar="DIR",
              help="Corpus folder, or an address that fsspec knows, as s3://bucket/iepile.")  # fmt: skip
@click.option("--unified-out", type=click.Path(path_type=Path), metavar="DIR",
              help="Write the cleaned records in the published layout too, to this new folder.")  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Only this source; may be repeated.")
@click.option(
    "--source", "modules", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
    help="A Python file of your own that defines a Source; may be repeated.",
)  # fmt: skip
@click.option("--variant", "chosen", multiple=True, type=click.Choice(list(variants())),
              help="Also build this variant of zero-shot suites: 10 or 15 unseen relations, or IPRE with its "
              "sentences without a relation; may be repeated.")  # fmt: skip
@click.option("--seed", default=42, show_default=True, help="Decides what is sampled.")
@click.option("--profile", type=click.Choice(["default", "published"]), default="default", show_default=True,
              help="`published` cleans and batches as the published corpus did.")  # fmt: skip
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Processes.")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
              help="Where the work is done: in processes of this machine, or on a Ray cluster.")  # fmt: skip
@click.option("--ray-address", metavar="ADDRESS",
              help="The cluster's head, as auto or 10.0.0.1:6379; without one a cluster is started here.")  # fmt: skip
@click.option("--hard-negatives", "negatives_file", type=click.Path(path_type=Path), metavar="FILE",
              help="A dictionary in place of the computed one.")  # fmt: skip
@click.option("--negatives", type=click.Choice(["hard", "random", "all"]), default="hard", show_default=True,
              help="What training rows ask beside the positives; `random` and `all` for comparison.")  # fmt: skip
@click.option("--split-num", default=0, metavar="N",
              help="Options in an instruction at most; the task's own if 0, the whole schema if -1.")  # fmt: skip
@click.option("--max-empty", type=click.FloatRange(0), metavar="RATIO",
              help="Keep so many training rows with empty answers for each other row, in every source.")  # fmt: skip
@click.option("--dedup", type=click.Choice(["exact", "near"]), default="exact", show_default=True,
              help="`near` also drops training texts near to held-out ones or to one another.")  # fmt: skip
@click.option("--contamination", is_flag=True, help="Look for near duplicates and report them in the card.")
@click.option("--quality", is_flag=True, help="Drop training texts that are too short or mostly not letters.")
@click.option("--mask", is_flag=True, help="Mask e-mail addresses, telephone and identity numbers, user names.")
@click.option("--descriptions", type=click.Path(path_type=Path), metavar="FILE",
              help="Say what labels mean: YAML or JSON, label: text, or source: {label: text}.")  # fmt: skip
@click.option("--augment", type=click.Choice(["synonyms", "neutral", "dropout"]),
              help="In training rows, rename labels (`neutral`: those described) or leave them out.")  # fmt: skip
@click.option("--augment-rate", type=click.FloatRange(0, 1), default=0.5, show_default=True, metavar="P",
              help="How probably that happens to a label of a row.")  # fmt: skip
@click.option("--synonyms", type=click.Path(path_type=Path), metavar="FILE",
              help="Other names for labels: as --descriptions, with [name, …] in place of a text.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Stop at the first malformed record instead of setting it aside.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def build(
    raw: Path | None,
    sample: bool,
    release: Path | None,
    out: str,
    unified_out: Path | None,
    only: tuple[str, ...],
    modules: tuple[Path, ...],
    chosen: tuple[str, ...],
    seed: int,
    profile: str,
    workers: int,
    engine: str,
    ray_address: str | None,
    negatives_file: Path | None,
    negatives: str,
    split_num: int,
    max_empty: float | None,
    descriptions: Path | None,
    augment: str | None,
    augment_rate: float,
    synonyms: Path | None,
    dedup: str,
    contamination: bool,
    quality: bool,
    mask: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Build the corpus from native files, or from a release in the published layout."""
    if sample == (raw is not None or release is not None):
        raise click.UsageError(
            "Name the folder of native files with --raw, or a release with --release, or ask for the toy files with "
            "--sample."
        )
    if ray_address and engine != "ray":
        raise click.UsageError("--ray-address is for --engine ray; name both.")
    from dataclasses import asdict

    from . import corpus, shards

    modules = (*(variants()[name] for name in chosen), *modules)

    made = corpus.build(
        raw,
        out,
        release=release,
        unified_out=unified_out,
        only=only,
        options=shards.Options(
            seed=seed,
            profile=profile,
            strict=strict,
            negatives=negatives,
            split_num=split_num,
            max_empty=max_empty,
            quality=quality,
            mask=mask,
            near=dedup == "near",
            wording=_wording(
                descriptions, synonyms, augment or "", augment_rate, (*modules, *([release] if release else []))
            ),
        ),
        contamination=contamination,
        negatives_file=negatives_file,
        workers=workers,
        ray_address=(ray_address or "") if engine == "ray" else None,
        modules=tuple(path.resolve() for path in modules),
    )
    if as_json:
        return echo_json({"out": str(out), "absent": made.absent, "incomplete": made.incomplete,
                          "summary": asdict(made.summary)})  # fmt: skip
    rows = [
        [shard.source, shard.split, shard.read, shard.records, shard.rejected, sum(shard.rows.values())]
        for shard in made.shards
    ]
    click.echo(table(["source", "split", "read", "kept", "set aside", "rows"], rows))
    for source, splits in made.incomplete.items():
        click.echo(f"{source} has no {' and no '.join(splits)}: its files are not there.")
    if made.absent:
        click.echo(f"Went without {', '.join(made.absent)}; `iepile sources NAME` says how to come by one.")
    configs = ", ".join(config.name for config in made.summary.configs)
    click.echo(f"{made.summary.rows:,} rows in {out} ({configs}); report and rejected.jsonl in {made.work}.")
    if unified_out is not None:
        click.echo(f"Their records, in the published layout, in {unified_out}.")


def _wording(
    descriptions: Path | None, synonyms: Path | None, augment: str, rate: float, modules: tuple[Path, ...]
) -> Wording:
    from .source import load_sources
    from .wording import Wording, read_words

    needed = {"synonyms": ("--synonyms", synonyms), "neutral": ("--descriptions", descriptions)}
    option, file = needed.get(augment, ("", descriptions))
    if option and file is None:
        raise click.UsageError(f"--augment {augment} needs {option} FILE, which says of which labels.")
    if synonyms and augment != "synonyms":
        raise click.UsageError("--synonyms is for --augment synonyms; name both or none.")
    if not descriptions and not augment:
        return Wording()
    known = load_sources(tuple(path.resolve() for path in modules))
    return Wording(
        descriptions=read_words(descriptions, known) if descriptions else {},
        synonyms=read_words(synonyms, known, lists=True) if synonyms else {},
        augment=augment,
        rate=rate,
    )


COMMANDS = (sources, fetch, build, stats, hard_negatives, prepare, convert)
