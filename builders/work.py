"""The folder beside a corpus, `<out>.build`: one build at a time, and what the last one made of what."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .digests import digest, stamp
from .errors import IEPileError

TICK = 50_000_000  # nanoseconds: what changes twice within a tick of a file system's clock has the same times


@contextmanager
def locked(work: Path, out: Path) -> Iterator[None]:
    """Keep other builds of `out` away; a lock does not outlive its process.

    Raises:
        IEPileError: where another build has it.
    """
    work.mkdir(parents=True, exist_ok=True)
    lock = work / "lock"
    try:
        with FileLock(lock, timeout=0):
            try:
                yield
            finally:
                if list(work.iterdir()) == [lock]:  # nothing was begun: leave nothing behind
                    lock.unlink()
                    work.rmdir()
    except Timeout:
        raise IEPileError(
            f"Another build of {out} is under way; wait for it, or name another folder with --out."
        ) from None


class Request:
    """What a build was asked to do, as far as can be told without reading a file."""

    def __init__(self, files: Iterable[Path], *options: Any) -> None:
        """Take the stamps of the files, or of all below the folders, that the build will read."""
        now = time.time_ns()
        found = stamp(files)
        self._settled = found.newest < now - TICK
        self._digest = digest(found.digest, *options)

    def answered(self, work: Path, out: Path) -> Mapping[str, Any] | None:
        """The report of the last build of `out`, if it was asked the same and nothing has changed since."""
        try:
            last = json.loads((work / "last.json").read_text(encoding="utf-8"))
            if last == {"request": self._digest, "corpus": stamp([out]).digest}:
                report: Mapping[str, Any] = json.loads((work / "report.json").read_text(encoding="utf-8"))
                return report
        except (OSError, ValueError):
            pass  # there was no build, or it was killed
        return None

    def remember(self, work: Path, out: Path) -> None:
        """Keep that this was answered by what now lies at `out`."""
        if self._settled:
            last = {"request": self._digest, "corpus": stamp([out]).digest}
            (work / "last.json").write_text(json.dumps(last), encoding="utf-8")
