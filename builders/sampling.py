"""What training records are asked for: chance for many records at once, decided by the seed and a record's id alone.

Each record has a stream of numbers of its own, which its id and the seed begin, so that no order of work can matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_LAST = np.uint64(2**64 - 1)
_NONE = np.empty(0, np.int64)


class Asked(NamedTuple):
    """What each record is asked for."""

    counts: Integers  # of each record's options
    options: Integers  # those of all records, one after another


class Streams:
    """The streams of numbers of some records, by SplitMix64 (Steele, Lea and Flood, 2014)."""

    def __init__(self, seed: int, ids: Iterable[str]) -> None:
        """Begin a stream for each record."""
        first = (blake2b(f"{seed}/{record_id}".encode(), digest_size=8).digest() for record_id in ids)
        self._first = np.frombuffer(b"".join(first), "<u8").astype(np.uint64)

    def numbers(self, records: Integers, places: Integers) -> Numbers:
        """The number below 2**64 at each place of each record's stream; both are arrays of a shape that fits."""
        mixed: Numbers = self._first[records] + (places.astype(np.uint64) + np.uint64(1)) * np.uint64(
            0x9E3779B97F4A7C15
        )
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def sampled(positive: Flags, hard: Sequence[Integers], others: int, streams: Streams, kind: str = "hard") -> Asked:
    """Positives, their hard negatives and up to `others` more of the options, shuffled.

    A record without positives is asked for each option with probability one half, and for one at least.

    Args:
        positive: whether the record has the option, (records, options).
        hard: the hard negatives of each option.
        others: how many more.
        streams: of the records; the first two numbers for each option are drawn.
        kind: `random` for others in place of hard negatives, as many, or `all` for the whole schema.
    """
    count, size = positive.shape
    records, options = np.arange(count)[:, None], np.arange(size)
    asked = positive.copy()
    with_options, by = np.nonzero(positive)
    negatives = [hard[option] for option in by.tolist()]
    asked[np.repeat(with_options, list(map(len, negatives))), np.concatenate([_NONE, *negatives])] = True
    more = np.full(count, others)
    if kind == "random":
        more += asked.sum(axis=1) - positive.sum(axis=1)
        asked = positive.copy()
    drawn = streams.numbers(records, options)
    # The others are those with the least numbers; of a record without positives, those whose first bit is not set.
    rest = np.where(asked, _LAST, drawn)
    bound = np.sort(rest, axis=1)[np.arange(count), np.minimum(more, size) - 1]
    half = np.maximum(np.uint64(2**63), drawn.min(axis=1))
    asked |= drawn <= np.where(positive.any(axis=1), bound, half)[:, None]
    if kind == "all":
        asked[:] = True
    order = np.where(asked, streams.numbers(records, options + size), _LAST).argsort(axis=1)
    counts = asked.sum(axis=1)
    return Asked(counts, order[options < counts[:, None]])
