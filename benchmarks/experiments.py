"""The method's two claims, tried: batched schemas cure the disparity of queries, hard negatives cure confusion.

    python benchmarks/experiments.py --raw ../shared/data --work runs/experiments --out benchmarks/results/claims.md

An arm is how training rows ask: `4/hard` at most four labels at a time, beside the positives their hard negatives and
some others; `4/random` with as many random ones in place of the hard; `all/hard` and `all/random` the same labels, but
in one row; `all/all` the whole schema in one row. Every arm gets the same number of tokens, shared evenly by the
sources, in as many optimizer steps, and is then asked the same records for the whole schema, k labels at a time.

All is kept below `--work`: the same command goes on where it was killed, and more `--arm`, `--ask` or `--seeds` add to
what is there. Where a source's test split is not at hand its validation split is asked, or a fifth of what there is.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import blake2b
from itertools import product
from math import gcd
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq
from experiments_report import Plan, Run, write_report
from iepile.builders.corpus import build
from iepile.builders.errors import IEPileError
from iepile.builders.instructions import NEGATIVES
from iepile.builders.shards import Options
from iepile.builders.source import Source, get_source
from iepile.extraction.evaluate import evaluate
from iepile.extraction.extractor import Extractor
from iepile.training.base_models import load_tokenizer, resolve_base_model
from iepile.training.prompts import encode_completion, encode_prompt
from iepile.training.recipe import Recipe, load_recipe
from iepile.training.sft import train

SOURCES = ("FindVehicle", "KBP37", "New-York-Times-RE", "DuIE2.0")
# What a recipe says of the mix is not meant for the rows of an arm, all of which are taken.
ALL_ROWS: dict[str, Any] = {"config_weights": (), "source_weights": (), "sources": (), "temperature": 1.0}
ALL_ROWS |= {"max_rows": 0, "max_rows_per_source": 0, "max_steps": -1}
AT_ONCE = 2  # rows, or one where a step has an odd number: the longest fit the memory of a laptop
ARMS = ("4/hard", "all/all", "4/random", "all/hard", "all/random")


@click.command()
@click.option("--raw", type=click.Path(path_type=Path), required=True, help="Native files, as for `iepile build`.")
@click.option("--source", "sources", multiple=True, default=SOURCES, show_default=True)
@click.option("--recipe", default="smollm2-135m-cpu", show_default=True)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key of the recipe.")
@click.option("--tokens", default=100_000, show_default=True, help="To train each arm and seed on.")
@click.option("--step-tokens", default=2048, show_default=True, help="About so many in an optimizer step.")
@click.option("--max-empty", type=click.FloatRange(0), help="Empty training rows to each other one, as for a build.")
@click.option("--seeds", default=2, show_default=True, type=click.IntRange(1))
@click.option("--arm", "arms", multiple=True, default=ARMS, show_default=True, help="K/NEGATIVES; may be repeated.")
@click.option("--ask", multiple=True, default=("4", "all"), show_default=True, help="Labels a question in the test.")
@click.option("--untrained", is_flag=True, help="Ask the base without an adapter too.")
@click.option("--test-rows", default=25, show_default=True, help="Records to ask of each source.")
@click.option("--decoding", default="grounded", show_default=True)
@click.option("--max-new-tokens", default=1024, show_default=True)
@click.option("--batch-size", default=16, show_default=True, help="Questions answered together.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/experiments"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Markdown file; standard output if none.")
def main(
    raw: Path,
    sources: tuple[str, ...],
    recipe: str,
    overrides: tuple[str, ...],
    seeds: int,
    arms: tuple[str, ...],
    ask: tuple[str, ...],
    untrained: bool,
    batch_size: int,
    work: Path,
    out: Path | None,
    **options: Any,
) -> None:
    """Train and ask every arm, and write what came out."""
    try:
        present = tuple(name for name in sources if _is_there(raw, get_source(name)))
        plan = Plan(present, recipe, ("cutoff=1536", *overrides), **options)
        _claim(work, plan)
        records = _records(raw, present, work / "records")
        tests = {k: _corpus(records, present, work / "test" / k, split_num=_split_num(k)) for k in ask}
        runs = []
        for seed, arm in product(range(1, seeds + 1), arms):
            runs.append(_run(arm, seed, plan, records, tests, work, batch_size))
        if untrained:
            runs.append(Run("untrained", 0, {}, _ask_all(None, plan, tests, work / "arms" / "untrained", batch_size)))
    except IEPileError as error:
        raise click.ClickException(str(error)) from None
    text = write_report(plan, runs, tuple(name for name in sources if name not in present))
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, "utf-8")
    else:
        click.echo(text)


def _is_there(raw: Path, source: Source) -> bool:
    folder = source.folder(raw)
    return folder is not None and bool(source.find(folder))


def _claim(work: Path, plan: Plan) -> None:
    """A folder holds the runs of one plan; arms, seeds and questions may be added."""
    path, mine = work / "plan.json", json.loads(json.dumps(asdict(plan)))
    if path.is_file() and (known := json.loads(path.read_text("utf-8"))) != mine:
        other = ", ".join(key for key in mine if known.get(key) != mine[key])
        raise IEPileError(f"{work} holds runs with another {other}; name another --work, or remove it.")
    if not plan.sources:
        raise IEPileError("None of the sources has files in --raw; `iepile sources --raw RAW` tells what is there.")
    work.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(mine, indent=2) + "\n", "utf-8")


def _records(raw: Path, sources: Sequence[str], folder: Path) -> Path:
    """The cleaned records of the sources, in the published layout, each with a train and a test file."""
    if folder.is_dir():
        return folder
    making = folder.with_name("records.part")
    shutil.rmtree(making, ignore_errors=True)
    build(raw, making / "corpus", only=sources, unified_out=making / "records")
    for schema in (making / "records").rglob("schema.json"):
        _part(schema.parent)
    (making / "records").rename(folder)
    shutil.rmtree(making)
    return folder


def _part(folder: Path) -> None:
    """Make a train and a test file of what a source has."""
    train_file, validation, test = (folder / f"{name}.json" for name in ("train", "dev", "test"))
    if train_file.is_file() and test.is_file():
        return
    if train_file.is_file() and validation.is_file():
        validation.rename(test)
        return
    lines = [line for file in (train_file, validation, test) if file.is_file() for line in _lines(file)]
    held_out = [blake2b(json.loads(line)["text"].encode(), digest_size=8).digest()[0] < 51 for line in lines]
    validation.unlink(missing_ok=True)
    for file, wanted in ((train_file, False), (test, True)):
        file.write_text("".join(line for line, held in zip(lines, held_out, strict=True) if held == wanted), "utf-8")


def _lines(file: Path) -> list[str]:
    with file.open(encoding="utf-8") as lines:
        return list(lines)


def _corpus(records: Path, sources: Sequence[str], folder: Path, **options: Any) -> Path:
    """A corpus of these records; nothing is done where it is there."""
    build(None, folder, release=records, configs=_configs(sources), options=Options(**options))
    return folder


def _configs(sources: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({f"{s.language}_{s.task.lower()}" for s in map(get_source, sources)}))


def _split_num(k: str) -> int:
    if k != "all" and not (k.isdigit() and int(k)):
        raise IEPileError(f"{k!r} is no number of labels; write one, or `all`.")
    return -1 if k == "all" else int(k)


def _run(
    arm: str, seed: int, plan: Plan, records: Path, tests: Mapping[str, Path], work: Path, batch_size: int
) -> Run:
    k, _, negatives = arm.partition("/")
    if negatives not in NEGATIVES:
        raise IEPileError(f"--arm {arm}: write K/NEGATIVES, the negatives {', '.join(NEGATIVES)}.")
    name = f"{k}-{negatives}-{seed}"
    folder = work / "arms" / name
    adapter, summary = folder / "adapter", folder / "adapter" / "training_summary.json"
    if not summary.is_file():
        click.echo(f"train {arm}, seed {seed}", err=True)
        corpus = work / "train" / name
        asking: dict[str, Any] = {"negatives": negatives, "split_num": _split_num(k), "max_empty": plan.max_empty}
        _corpus(records, plan.sources, corpus, seed=seed, **asking)
        recipe = load_recipe(plan.recipe, [*plan.overrides, f"seed={seed}", f"output_dir={adapter}"])
        recipe = replace(recipe, **ALL_ROWS, configs=_configs(plan.sources), data=str(folder / "rows"))
        recipe = replace(recipe, validation_rows=0, logging_steps=5, save_steps=0.25)
        tokens, rows = _draw(corpus, recipe, plan, folder / "rows")
        step_rows = max(1, round(plan.step_tokens * rows / tokens))
        size = gcd(step_rows, AT_ONCE)
        recipe = replace(recipe, per_device_train_batch_size=size, gradient_accumulation_steps=step_rows // size)
        train(replace(recipe, num_train_epochs=max(1.0, plan.tokens / tokens)))
    asked = _ask_all(adapter, plan, tests, folder, batch_size)
    return Run(arm, seed, json.loads(summary.read_text("utf-8")), asked)


def _draw(corpus: Path, recipe: Recipe, plan: Plan, folder: Path) -> tuple[int, int]:
    """Draw each source's share of the tokens, row by row, into a corpus of its own; returns its tokens and rows."""
    tokenizer = load_tokenizer(resolve_base_model(str(recipe.base_model), recipe.revision))
    share = plan.tokens // len(plan.sources)
    taken: dict[str, int] = {}
    drawn: dict[str, list[dict[str, Any]]] = {}
    for config in recipe.configs:
        table = pa.concat_tables(pq.read_table(path) for path in sorted((corpus / config).glob("train-*.parquet")))
        names = zip(*(table[key].to_pylist() for key in ("id", "batch")), strict=True)
        digests = [blake2b(f"{recipe.seed} {name}".encode(), digest_size=8).digest() for name in names]
        for place in sorted(range(len(digests)), key=digests.__getitem__):
            source = table["source"][place].as_py()
            if taken.get(source, 0) >= share:
                continue
            row = table.slice(place, 1).to_pylist()[0]
            length = len(encode_prompt(tokenizer, row["instruction"], recipe.template))
            length += len(encode_completion(tokenizer, row["output"], recipe.template))
            if length <= recipe.cutoff:
                taken[source] = taken.get(source, 0) + length
                drawn.setdefault(config, []).append(row)
    shutil.rmtree(folder, ignore_errors=True)
    front = ["configs:"]
    for config, rows in drawn.items():
        (folder / config).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / config / "train-00000-of-00001.parquet")
        front.append(f"- config_name: {config}\n  data_files:\n  - split: train\n    path: {config}/train-*.parquet")
    (folder / "README.md").write_text("\n".join(("---", *front, "---", "")), "utf-8")
    return sum(taken.values()), sum(map(len, drawn.values()))


def _ask_all(
    adapter: Path | None, plan: Plan, tests: Mapping[str, Path], folder: Path, batch_size: int
) -> dict[str, Path]:
    """Ask for the whole schema of the drawn records, k labels at a time; k → the evaluation's folder."""
    folders = {k: folder / f"asked-{k}" for k in tests}
    extractor = None
    for k, out in folders.items():
        if (out / "report.json").is_file():
            continue
        click.echo(f"ask {folder.name} for {k} labels at a time", err=True)
        if extractor is None:
            base = None if adapter else load_recipe(plan.recipe, plan.overrides).base_model
            options = {"batch_size": batch_size, "max_new_tokens": plan.max_new_tokens}
            extractor = Extractor.from_pretrained(base, adapter, **options)
        evaluate(
            extractor, data=tests[k], split="test", config="all", limit=plan.test_rows, decoding=plan.decoding, out=out
        )
    return folders


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
