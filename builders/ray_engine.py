"""Jobs on a Ray cluster, a plain task each.

A task makes its files in a folder of its own and returns their bytes. So the nodes need to share the native files, at
one path, but not the folder of the build; and a task that is run again, since its worker was killed, spoils nothing.
Paths that the user gave are taken from the folder that he works in, where a node has it.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .engine import Do, Engine, T
from .errors import IEPileError
from .progress import progress
from .shards import Job

PACKAGE = Path(__file__).parent.parent
PARTS = ("builders", "cards")  # of the package: what a task runs
Files = Mapping[str, bytes]  # path below the build's folder → what it holds


@contextmanager
def ray_engine(address: str, workers: int, work: Path) -> Iterator[Engine]:
    """An engine on a cluster.

    Args:
        address: of its head (`auto`, `10.0.0.1:6379`, `ray://…`); a cluster of this machine is made if empty.
        workers: the processors of a cluster that is made.
        work: the folder of the build, which all paths of jobs but those of native files lie below.

    Raises:
        IEPileError: where Ray is not installed, or there is no cluster at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise IEPileError("--engine ray needs Ray; run `pip install 'iepile[ray]'`.") from None
    with tempfile.TemporaryDirectory() as folder:
        made = {} if address else {"num_cpus": workers, "include_dashboard": False}
        try:
            ray.init(
                address=address or "local",
                runtime_env={"py_modules": [str(_package(Path(folder)))]},
                log_to_driver=False,
                **made,
            )
        except (ConnectionError, ValueError) as error:
            raise IEPileError(f"No Ray cluster answers at {address}: {error}; name it with --ray-address.") from None
        try:
            yield _OnRay(work)
        finally:
            ray.shutdown()


def _package(folder: Path) -> Path:
    """The package as it is here, so that each node runs this code, whatever is installed there."""
    package = folder / "iepile"
    ignore = shutil.ignore_patterns("__pycache__")
    for part in PARTS:
        shutil.copytree(PACKAGE / part, package / part, ignore=ignore)
    module = next(path for path in (PACKAGE / "iepile.py", PACKAGE / "__init__.py") if path.exists())
    shutil.copy(module, package / "__init__.py")
    return package


class _OnRay:
    def __init__(self, work: Path) -> None:
        self._work = work
        self._place = Path.cwd()

    def run(self, do: Do[T], jobs: Sequence[Job], what: str) -> list[T]:
        import ray

        todo = [place for place, job in enumerate(jobs) if not job.is_done]
        read = {path for place in todo for path in (*jobs[place].held_out, jobs[place].near) if path is not None}
        given = ray.put({str(path.relative_to(self._work)): path.read_bytes() for path in read})
        task = ray.remote(_do)
        order = sorted(todo, key=lambda place: -jobs[place].size)  # the largest first, as on one machine
        refs = {place: task.remote(do, jobs[place], self._work, self._place, given) for place in order}
        for place in progress(todo, len(todo), what, "splits"):
            try:
                self._take(ray.get(refs.pop(place)))
            except ray.exceptions.RayTaskError as error:
                raise error.cause if isinstance(error.cause, IEPileError) else error from None
            except ray.exceptions.RayError as error:
                raise IEPileError(
                    f"The cluster gave {jobs[place].source} up: {error}; build again to go on."
                ) from None
        return [do(job) for job in jobs]

    def _take(self, files: Files) -> None:
        """Put what a task made into the folder of the build, each folder or file as a whole."""
        for target in {Path(*Path(name).parts[:2]) for name in files}:
            if (self._work / target).exists():
                continue  # an earlier build made it, and was killed before the rest was made
            part = self._work / target.with_name(f"{target.name}.ray.part")
            for name, content in files.items():
                if Path(name).is_relative_to(target):
                    path = part / Path(name).relative_to(target)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
            part.replace(self._work / target)


def _do(do: Do[Any], job: Job, work: Path, place: Path, given: Files) -> Files:
    """Do the job in a folder of this node; returns the files that it made."""
    if place.is_dir():
        os.chdir(place)  # this process does nothing else
    if not job.folder.exists():
        raise IEPileError(
            f"{job.folder} is not on the node {socket.gethostname()}; put the native files where all nodes find them "
            "at this path."
        )
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        for name, content in given.items():
            (here / name).parent.mkdir(exist_ok=True)
            (here / name).write_bytes(content)
        do(job.moved(work, here))
        made = {str(path.relative_to(here)): path for path in sorted(here.rglob("*")) if path.is_file()}
        return {name: path.read_bytes() for name, path in made.items() if name not in given}
