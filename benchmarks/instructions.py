"""How fast instruction rows are made: against plain Python, and against what reading and writing alone take.

    python benchmarks/instructions.py rates ../shared/data
    python benchmarks/instructions.py profile ../shared/data KBP37
    python benchmarks/instructions.py growth ../shared/data KBP37 250000 500000 1000000

Every figure is processor time of one process, the least of several rounds in which all take turns, so that other work
on the machine tells on all of them alike. The input is what `iepile build --unified-out` writes.
"""

from __future__ import annotations

import cProfile
import gc
import json
import pstats
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from iepile.builders.cleaning import Cleaner
from iepile.builders.corpus import build
from iepile.builders.plan import plan
from iepile.builders.row_files import ARROW_SCHEMA, COLUMNS, ROW_GROUP
from iepile.builders.shards import Job, Options, make_shard
from iepile.builders.source import Source, load_sources
from iepile.builders.tasks import TASKS

NAMES = ("CoNLL2003", "MIT-Movie", "KBP37", "CASIE", "CLUENER2020", "DuIE2.0")


@dataclass(frozen=True)
class Case:
    """The training split of one source in the unified layout, and the job that makes its rows for one config."""

    source: Source
    job: Job
    lines: Path

    @property
    def task(self) -> str:
        return self.source.task


def cases(raw: Path, names: Sequence[str], folder: Path) -> Iterator[Case]:
    """Write the records of each source as JSON lines, and plan a build of them."""
    build(raw, folder / "corpus", only=names, unified_out=folder / "release")
    sources = load_sources((folder / "release",))
    for name in names:
        source = sources[name]
        assert source.home is not None
        located = {source.at(source.home): source.home}
        config = f"{source.language}_{source.task.lower()}"
        jobs = plan(located, folder / "plan", Options(), {config}, None, (folder / "release",))
        job = next(job for job in jobs if job.split == "train")
        yield Case(next(iter(located)), job, source.home / "train.json")


def baseline(case: Case, out: Path) -> int:
    """Plain Python: `json`, `random` and a loop, as one writes a converter; JSON lines to JSON lines."""
    task = case.task
    sentence = TASKS[task].instruction[case.source.language]
    schema: Mapping[str, Any] = case.source.roles or dict.fromkeys(n for n in case.source.labels.values() if n)
    hard = (case.job.negatives or {})[task]
    split_num = TASKS[task].split_num
    rows = 0
    random.seed(42)
    with case.lines.open(encoding="utf-8") as lines, out.open("w", encoding="utf-8") as written:
        for line in lines:
            record = json.loads(line)
            answers = _ANSWERS[task](record, schema)
            if answers:
                asked = [*answers, *(n for n in {n for label in answers for n in hard[label]} if n not in answers)]
                rest = [label for label in schema if label not in asked]
                asked += random.sample(rest, min(split_num, len(rest)))
            else:
                asked = [label for label in schema if random.random() < 0.5] or [random.choice(list(schema))]
            random.shuffle(asked)
            batches = -(-len(asked) // split_num)
            size = -(-len(asked) // batches)
            for start in range(0, len(asked), size):
                batch = asked[start : start + size]
                entries = (
                    [{"event_type": label, "trigger": True, "arguments": list(schema[label])} for label in batch]
                    if task == "EE"
                    else batch
                )
                instruction = {"instruction": sentence, "schema": entries, "input": record["text"]}
                row = {
                    "task": task,
                    "source": case.source.name,
                    "instruction": json.dumps(instruction, ensure_ascii=False),
                    "output": json.dumps({label: answers.get(label, []) for label in batch}, ensure_ascii=False),
                }
                written.write(json.dumps(row, ensure_ascii=False) + "\n")
                rows += 1
    return rows


def _entities(record: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, list[Any]]:
    answers: dict[str, list[Any]] = {}
    for entity in sorted(record["entity"], key=lambda e: record["text"].find(e["entity"])):
        found = answers.setdefault(entity["entity_type"], [])
        if entity["entity"] not in found:
            found.append(entity["entity"])
    return answers


def _relations(record: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, list[Any]]:
    answers: dict[str, list[Any]] = {}
    text = record["text"]
    for relation in sorted(record["relation"], key=lambda r: (text.find(r["head"]), text.find(r["tail"]))):
        found = answers.setdefault(relation["relation"], [])
        pair = {"subject": relation["head"], "object": relation["tail"]}
        if pair not in found:
            found.append(pair)
    return answers


def _events(record: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, list[Any]]:
    answers: dict[str, list[Any]] = {}
    for event in sorted(record["event"], key=lambda e: record["text"].find(e["event_trigger"])):
        arguments: dict[str, Any] = {}
        for role in schema[event["event_type"]]:
            values = [a["argument"] for a in event["arguments"] if a["role"] == role]
            values = sorted(set(values), key=record["text"].find)
            arguments[role] = values if len(values) > 1 else values[0] if values else "NAN"
        filled = arguments if event["arguments"] else {}
        answers.setdefault(event["event_type"], []).append({"trigger": event["event_trigger"], "arguments": filled})
    return answers


_ANSWERS: dict[str, Callable[[dict[str, Any], Mapping[str, Any]], dict[str, list[Any]]]] = {
    "NER": _entities,
    "RE": _relations,
    "EE": _events,
}


def floor(case: Case, rows: Sequence[Path], out: Path) -> float:
    """What reading the same input and writing the same output take alone: orjson in, orjson and Parquet out."""
    start = time.process_time()
    with case.lines.open("rb") as lines:
        for line in lines:
            orjson.loads(line)
    taken = time.process_time() - start
    with pq.ParquetWriter(
        out, ARROW_SCHEMA, compression="zstd", use_dictionary=["task", "source", "language"]
    ) as file:
        for path in rows:
            for group in pq.ParquetFile(path).iter_batches(ROW_GROUP):
                columns = group.to_pydict()
                values = [[orjson.loads(text) for text in columns[name]] for name in ("instruction", "output")]
                gc.freeze()  # what is only here to be written is no work of the collector's
                start = time.process_time()
                columns["instruction"], columns["output"] = ([orjson.dumps(v) for v in column] for column in values)
                arrays = [pa.array(columns[name], ARROW_SCHEMA.field(name).type) for name in COLUMNS]
                file.write_table(pa.table(arrays, schema=ARROW_SCHEMA))
                taken += time.process_time() - start
    return taken


def ours(case: Case, target: Path) -> int:
    """The job, as a build does it: read, clean, ask, write Parquet."""
    return sum(make_shard(replace(case.job, target=target)).rows.values())


def uncleaned(case: Case, target: Path) -> int:
    """The same without cleaning, which the baseline does not do either."""
    clean, Cleaner.clean = Cleaner.clean, lambda self, items, split: items  # type: ignore[method-assign]
    try:
        return ours(case, target)
    finally:
        Cleaner.clean = clean  # type: ignore[method-assign]


def timed(work: Callable[..., Any], *arguments: Any) -> float:
    """The processor time that the work takes."""
    gc.collect()
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start


@click.group()
def main() -> None:
    """Measure."""


@main.command()
@click.argument("raw", type=click.Path(path_type=Path))
@click.argument("names", nargs=-1)
@click.option("--rounds", default=9)
def rates(raw: Path, names: tuple[str, ...], rounds: int) -> None:
    """Print a table of rows per second, and how these compare."""
    click.echo(
        "| source | records | rows | baseline, rows/s | ours | ours, uncleaned | floor | × baseline | × floor |"
    )
    click.echo("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    totals = dict.fromkeys(("rows", "baseline", "ours", "uncleaned", "floor"), 0.0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for case in cases(raw, names or NAMES, folder):
            times: dict[str, list[float]] = {"baseline": [], "ours": [], "uncleaned": [], "floor": []}
            rows = ours(case, folder / case.source.name)
            made = sorted((folder / case.source.name).glob("*.parquet"))
            for number in range(rounds):
                times["baseline"].append(timed(baseline, case, folder / "baseline.json"))
                times["ours"].append(timed(ours, case, folder / f"ours-{case.source.name}-{number}"))
                times["uncleaned"].append(timed(uncleaned, case, folder / f"uncleaned-{case.source.name}-{number}"))
                times["floor"].append(floor(case, made, folder / "floor.parquet"))
            least = {name: min(found) for name, found in times.items()}
            with case.lines.open("rb") as lines:
                records = sum(1 for _ in lines)
            _row([case.source.name, f"{records:,}", f"{rows:,}"], rows, least)
            for name, taken in {**least, "rows": rows}.items():
                totals[name] += taken
        _row(["all", "", f"{totals['rows']:,.0f}"], totals["rows"], totals)


def _row(first: list[str], rows: float, taken: Mapping[str, float]) -> None:
    rates = [f"{rows / taken[name]:,.0f}" for name in ("baseline", "ours", "uncleaned", "floor")]
    ratios = [
        f"{taken['baseline'] / taken['ours']:.1f} ({taken['baseline'] / taken['uncleaned']:.1f})",
        f"{taken['ours'] / taken['floor']:.1f} ({taken['uncleaned'] / taken['floor']:.1f})",
    ]
    click.echo("| " + " | ".join([*first, *rates, *ratios]) + " |")


@main.command()
@click.argument("raw", type=click.Path(path_type=Path))
@click.argument("name")
@click.option("--top", default=25)
def profile(raw: Path, name: str, top: int) -> None:
    """Print where the time of one job goes."""
    with tempfile.TemporaryDirectory() as temporary:
        (case,) = cases(raw, [name], Path(temporary))
        profiler = cProfile.Profile(time.process_time)
        profiler.runcall(ours, case, Path(temporary) / "ours")
        pstats.Stats(profiler, stream=sys.stdout).strip_dirs().sort_stats("tottime").print_stats(top)


@main.command()
@click.argument("raw", type=click.Path(path_type=Path))
@click.argument("name")
@click.argument("counts", nargs=-1, type=int)
def growth(raw: Path, name: str, counts: tuple[int, ...]) -> None:
    """Print time and memory for about so many rows: the records again and again, each time with other texts."""
    click.echo("| records | rows | s | rows/s | peak memory, MB |\n|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (case,) = cases(raw, [name], folder)
        rows, lines = ours(case, folder / "once"), case.lines.read_bytes().splitlines()
        for number, count in enumerate(counts):
            times = -(-count // rows)
            with case.lines.open("wb") as repeated:
                for copy in range(times):
                    for line in lines:
                        # Else they would be duplicates; and an id is given once.
                        record = orjson.loads(line)
                        del record["id"]
                        repeated.write(orjson.dumps({**record, "text": f"{record['text']} {copy}"}) + b"\n")
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                made, seconds, memory = pool.submit(_grown, case, folder / f"grown-{number}").result()
            click.echo(
                f"| {times * len(lines):,} | {made:,} | {seconds:,.1f} | {made / seconds:,.0f} | {memory / 1e6:,.0f} |"
            )


def _grown(case: Case, target: Path) -> tuple[int, float, int]:
    """Rows, processor seconds and bytes at most of a process that does nothing else."""
    start = time.process_time()
    rows = ours(case, target)
    return rows, time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
