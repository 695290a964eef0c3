"""Where the jobs of a build are done: in this process, or in several. Outcomes come in the order of the jobs."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Thread
from typing import Protocol, TypeVar

from .errors import IEPileError
from .progress import progress
from .shards import Job

T = TypeVar("T")
Do = Callable[[Job], T]


class Engine(Protocol):
    """Does jobs, in any order and at any place."""

    def run(self, do: Do[T], jobs: Sequence[Job], what: str) -> list[T]:
        """The outcomes in the order of the jobs; `what` says to the user what is going on."""


class _Here:
    def run(self, do: Do[T], jobs: Sequence[Job], what: str) -> list[T]:
        return list(progress(map(do, jobs), len(jobs), what, "splits"))


class _Processes:
    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def run(self, do: Do[T], jobs: Sequence[Job], what: str) -> list[T]:
        # The largest first, so that no worker is left with one when the others are done.
        order = sorted(range(len(jobs)), key=lambda place: -jobs[place].size)
        places: dict[Future[T], int] = {self._pool.submit(do, jobs[place]): place for place in order}
        done = progress(as_completed(places), len(jobs), what, "splits")
        try:
            outcomes = {places[future]: future.result() for future in done}
        except BrokenProcessPool:
            raise IEPileError(
                "A worker was killed, perhaps for want of memory; build again with fewer --workers, and what is done "
                "already stays."
            ) from None
        return [outcomes[place] for place in range(len(jobs))]


@contextmanager
def local_engine(workers: int = 1) -> Iterator[Engine]:
    """An engine of so many processes of this machine; one is this process itself."""
    if workers <= 1:
        yield _Here()
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _end_with_parent) as pool:
        try:
            yield _Processes(pool)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _end_with_parent() -> None:
    """Let this worker end when its parent is killed; by itself it would wait for jobs for ever."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()
