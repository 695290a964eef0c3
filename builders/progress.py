"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(items: Iterable[T], total: int, what: str, unit: str = "") -> Iterator[T]:
    """Pass the items on; show how many of `total` are done on standard error."""
    if sys.stderr.isatty():
        yield from tqdm(items, total=total, desc=what, unit=unit or "it", dynamic_ncols=True)
        return
    step = max(1, total // 10)
    for number, item in enumerate(items, 1):
        if number % step == 0 or number == total:
            sys.stderr.write(f"{what}: {number} of {total} {unit}".rstrip() + "\n")
        yield item


@contextmanager
def no_bars_of_datasets() -> Iterator[None]:
    """Keep `datasets` from drawing a bar for each config and split whose files it looks up."""
    import datasets

    hidden = datasets.utils.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if not hidden:
            datasets.enable_progress_bars()


def reporter(what: str, unit: str) -> Callable[[int, int], None]:
    """The same, for work that calls back with (done, total)."""
    bar: Any = None
    told = 0

    def report(done: int, total: int) -> None:
        nonlocal bar, told
        if sys.stderr.isatty():
            bar = bar or tqdm(total=total, desc=what, unit=unit, dynamic_ncols=True)
            bar.update(done - bar.n)
            if done == total:
                bar.close()
        elif done == total or done - told >= total / 10:
            told = done
            sys.stderr.write(f"{what}: {done} of {total} {unit}\n")

    return report
