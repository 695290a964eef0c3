"""Digests of very many texts in little memory: 8 bytes each where a `set` takes a hundred."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path

import numpy as np

RECENT = 1 << 19  # how many are held in a dictionary, until they are sorted in among the rest


class Digests:
    """A set of 64-bit digests, from files that `write_digests` wrote."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        found = [np.fromfile(path, np.uint64) for path in paths]
        self._sorted = np.unique(np.concatenate([*found, np.empty(0, np.uint64)])).data

    def __contains__(self, digest: object) -> bool:
        return isinstance(digest, int) and _find(self._sorted, digest) >= 0


def write_digests(digests: Iterable[int], path: Path) -> None:
    """Write them, each once and in order."""
    np.unique(np.fromiter(digests, np.uint64)).tofile(path)


class Seen:
    """What was first said under each digest; both are 64 bits, what is said with a sign."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._digests = np.empty(0, np.uint64).data  # in order
        self._said = np.empty(0, np.int64).data  # in the order of these

    def first(self, digest: int, said: int) -> int | None:
        """What was first said under the digest; None if nothing was, and from now on this."""
        if (place := _find(self._digests, digest)) >= 0:
            found: int = self._said[place]
            return found
        first = self._recent.get(digest)
        if first is None:
            self._recent[digest] = said
            if len(self._recent) >= RECENT:
                self._settle()
        return first

    def _settle(self) -> None:
        digests = np.concatenate([self._digests, np.fromiter(self._recent, np.uint64)])
        said = np.concatenate([self._said, np.fromiter(self._recent.values(), np.int64)])
        self._recent.clear()
        order = np.argsort(digests, kind="stable")  # quick, since most of it is in order already
        self._digests, self._said = digests[order].data, said[order].data


def _find(ordered: memoryview, digest: int) -> int:
    """Its place, -1 if it has none."""
    place = bisect_left(ordered, digest)
    return place if place < len(ordered) and ordered[place] == digest else -1
