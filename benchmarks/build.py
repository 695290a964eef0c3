"""How fast native files are read, and what a whole build takes.

    python benchmarks/build.py readers ../shared/data
    python benchmarks/build.py whole ../shared/data
    python benchmarks/build.py whole ../shared/data --times 10
    python benchmarks/build.py workers ../shared/data

Times are of the processor, since the machine may have other work; where several rounds are made, the least.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread

import click
from iepile.builders.corpus import build
from iepile.builders.digests import file_size
from iepile.builders.plan import locate
from iepile.builders.records import Record
from iepile.builders.source import Source

RAW = click.argument("raw", type=click.Path(path_type=Path))


@dataclass
class Reading:
    """What reading took, over all splits of a source."""

    size: int = 0
    records: int = 0
    seconds: float = 0.0


@click.group()
def main() -> None:
    """Measure."""


@main.command()
@RAW
@click.argument("names", nargs=-1)
@click.option("--rounds", default=5)
def readers(raw: Path, names: tuple[str, ...], rounds: int) -> None:
    """Print records and megabytes per second of each reader."""
    found: dict[str, dict[str, Reading]] = defaultdict(dict)
    for source, folder in locate(raw, names).items():
        name = _reader(source)
        found[name][source.name] = reading = Reading()
        for split in source.files:
            documents = [path for file, _, paths in source._locate(folder, split) if not file.beside for path in paths]
            if documents:
                reading.size += file_size(documents)
                times, records = zip(*(_read(source, folder, split) for _ in range(rounds)), strict=True)
                reading.seconds += min(times)
                reading.records += records[0]
    click.echo("| reader | source | MB | records | records/s | MB/s |\n|---|---|---:|---:|---:|---:|")
    for name, sources in sorted(found.items()):
        for source, reading in sources.items():
            if reading.records:
                click.echo(
                    f"| {name} | {source} | {reading.size / 1e6:.2f} | {reading.records:,} "
                    f"| {reading.records / reading.seconds:,.0f} | {reading.size / 1e6 / reading.seconds:.1f} |"
                )


def _reader(source: Source) -> str:
    read = source.read
    while isinstance(read, partial):
        read = next((a for a in read.args if callable(a)), read.func) if read.func.__name__ == "_only" else read.func
    return f"{read.__module__.rpartition('.')[2]}.{read.__name__}"


def _read(source: Source, folder: Path, split: str) -> tuple[float, int]:
    start = time.process_time()
    records = sum(isinstance(item, Record) for item in source.records(folder, split))
    return time.process_time() - start, records


@main.command()
@RAW
@click.option("--times", default=1, help="The same input so many times over.")
def whole(raw: Path, times: int) -> None:
    """Print what a build of everything takes."""
    with tempfile.TemporaryDirectory() as folder:
        if times > 1:
            multiply(raw, Path(folder) / "raw", times)
            raw = Path(folder) / "raw"
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            records, rows, seconds, memory = pool.submit(_build, raw, Path(folder) / "iepile", 1).result()
        size = file_size([raw])
    click.echo(
        f"{size / 1e6:,.0f} MB, {records:,} records, {rows:,} rows: {seconds:,.1f} s, {rows / seconds:,.0f} rows/s, "
        f"at most {memory / 1e6:,.0f} MB of memory"
    )


def _build(raw: Path, out: Path, workers: int) -> tuple[int, int, float, int]:
    """Records, rows, processor seconds and bytes at most of a build in this process."""
    start = time.process_time()
    made = build(raw, out, workers=workers)
    seconds = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return sum(shard.records for shard in made.shards), made.summary.rows, seconds, memory


def multiply(raw: Path, out: Path, times: int) -> None:
    """Copy the native files, each with its content so many times over; where a file is a document, so many files."""
    for folder, _, names in os.walk(raw):
        target = out / Path(folder).relative_to(raw)
        target.mkdir(parents=True)
        for name in names:
            path = Path(folder) / name
            if path.suffix in (".xml", ".sgm"):
                shutil.copy(path, target / name)
            elif len(names) > 50:
                shutil.copy(path, target / name)
                for number in range(1, times):
                    shutil.copy(path, target / f"copy{number}_{name}")
            else:
                (target / name).write_bytes(_multiplied(path.read_bytes(), times))


def _multiplied(content: bytes, times: int) -> bytes:
    try:
        document = json.loads(content)
    except ValueError:
        return b"".join([content if content.endswith(b"\n") else content + b"\n"] * times)
    if isinstance(document, list):
        return json.dumps(document * times, ensure_ascii=False).encode()
    if isinstance(document, dict) and all(isinstance(value, list) for value in document.values()):
        return json.dumps({key: value * times for key, value in document.items()}, ensure_ascii=False).encode()
    return content


@main.command()
@RAW
@click.option("--count", default=2, help="Workers.")
def workers(raw: Path, count: int) -> None:
    """Print how much sooner several workers are done than one, where each has a processor of its own.

    That is when the busiest of them is done, and what is done by one process alone; all by processor time.
    """
    with tempfile.TemporaryDirectory() as folder:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            alone = pool.submit(_build, raw, Path(folder) / "one", 1).result()[2]
        start, children, done = time.process_time(), _Children(), Event()
        watch = Thread(target=children.watch, args=(done,))
        watch.start()
        build(raw, Path(folder) / "several", workers=count)
        done.set()
        watch.join()
        parent = time.process_time() - start
    busiest = max(children.seconds.values())
    click.echo(
        f"one worker {alone:.1f} s; {count}: {parent:.1f} s before, between and after, {busiest:.1f} s the busiest, "
        f"{alone / (parent + busiest):.2f} times as fast"
    )


class _Children:
    """The processor time of each child of this process, by its id (Linux)."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def watch(self, done: Event) -> None:
        """Look several times a second until all is done."""
        while not done.wait(0.2):
            for children in Path("/proc/self/task").glob("*/children"):
                for child in children.read_text().split():
                    with suppress(OSError):
                        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                        self.seconds[child] = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
