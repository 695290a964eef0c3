"""Near duplicates among all sources and splits: MinHash over shingles of characters, banded with NumPy.

What a model is trained or tuned on (train, validation) is compared with what is held out (test, zero_shot) of all
sources, and with the rest of its own source; what two sources say of one text can be two questions about it. Method:
Broder, 1997; Leskovec et al., Mining of Massive Datasets, chapter 3. Similarity is the Jaccard index of the two texts'
shingles, estimated with a standard error of 0.035 at 0.8.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

from .source import HELD_OUT_SPLITS

RANK = {"test": 0, "zero_shot": 0, "train": 1, "validation": 2}

PERMUTATIONS, SEED = 128, 42  # 512 bytes a text, which lie in a temporary file
BANDS, ROWS = 21, 6  # so a pair of similarity 0.8 is compared with a probability of 0.998, one of 0.5 with 0.28
MOST = 16  # in each band, a text is compared with the first so many of those that share it
LEAST = 5  # shingles; a shorter text, such as a score or a heading of one word, is near to nothing
BATCH = 1000  # texts
CHUNK = 1 << 14  # pairs
EXAMPLES = 3  # for each two splits

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_NO_LETTER = re.compile(r"[\W_]+")
_CHINESE = re.compile("[\u3400-\u9fff]")

Text = tuple[str, str, str, str]  # source, split, id, text
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Pair:
    """A text to train or tune on, and the text that it repeats."""

    id: str
    of: str
    similarity: float


@dataclass(frozen=True)
class NearDuplicates:
    """What was found. Splits are named `<source>/<split>`.

    `contaminated` says, for what is trained on and what is held out, how many texts of the one are near to a text of
    the other; `repeated` counts texts that are near to none of these but to an earlier one of their own source; `drop`
    holds the ids of both kinds.
    """

    texts: int
    threshold: float
    contaminated: Mapping[tuple[str, str], int]
    repeated: Mapping[str, int]
    examples: tuple[Pair, ...]
    drop: frozenset[str]

    def to_dict(self) -> dict[str, Any]:
        """For the report; `drop`, which can be long, as a number."""
        return {
            "texts": self.texts,
            "threshold": self.threshold,
            "contaminated": [
                {"trained_on": trained_on, "held_out": held_out, "texts": number}
                for (trained_on, held_out), number in self.contaminated.items()
            ],
            "repeated": dict(self.repeated),
            "examples": [{"id": p.id, "of": p.of, "similarity": p.similarity} for p in self.examples],
            "drop": len(self.drop),
        }


def near_duplicates(texts: Iterable[Text], threshold: float = 0.8) -> NearDuplicates:
    """Find the near duplicates among (source, split, id, text).

    Of texts that repeat one another the first stays, train before validation. The order in which sources and splits
    come is no matter. Memory holds some hundred bytes for each text, and no text.

    Args:
        texts: of any number of sources and splits.
        threshold: two texts are near from this similarity on.
    """
    with tempfile.TemporaryFile() as file:
        number, ids, splits, split_of = _sketch(texts, file)
        # The texts in the order of their splits, held-out ones first: of a pair, the second one goes.
        ranking = sorted(range(len(splits)), key=lambda n: (RANK[splits[n][1]], splits[n]))
        splits = [splits[n] for n in ranking]
        split_of = np.argsort(ranking).astype(np.int64)[split_of]
        order = np.argsort(split_of, kind="stable")
        split_of = split_of[order]
        held = int(np.searchsorted(split_of, sum(split in HELD_OUT_SPLITS for _, split in splits)))
        source_of = _numbered(source for source, _ in splits)[split_of]
        first, second, similarity = _near_pairs(_signatures(file, len(ids)), order, held, source_of, threshold)

    leaks = first < held
    leaking = np.zeros(len(ids), bool)
    leaking[second[leaks]] = True
    going = _going(first[~leaks], second[~leaks], leaking)
    names = ["/".join(split) for split in splits]
    crossed = np.unique(np.stack([second[leaks], split_of[first[leaks]]]), axis=1)  # a text once for each split
    return NearDuplicates(
        texts=number,
        threshold=threshold,
        contaminated={(names[s], names[h]): n for s, h, n in _counted(split_of[crossed[0]], crossed[1])},
        repeated={names[s]: n for s, n in _counted(split_of[going & ~leaking])},
        examples=tuple(
            Pair(ids[order[second[n]]], ids[order[first[n]]], round(float(similarity[n]), 3))
            for n in _nearest(split_of[second], split_of[first], similarity)
        ),
        drop=frozenset(ids[n] for n in order[going]),
    )


def shingles(text: str) -> list[str]:
    """Runs of five letters and digits, or of three where a text has Chinese characters.

    Case, blanks, marks and the width of letters are left out, since tokenizers and copies differ in them.
    """
    letters = _NO_LETTER.sub("", unicodedata.normalize("NFKC", text).casefold())
    size = 3 if _CHINESE.search(letters) else 5
    return [letters[n : n + size] for n in range(len(letters) - size + 1)]


def _sketch(texts: Iterable[Text], file: IO[bytes]) -> tuple[int, list[str], list[tuple[str, str]], Ints]:
    """Write the signatures of all texts that are long enough.

    Returns:
        How many texts there were; of the long ones the ids, the (source, split)s, and to which of these each belongs.
    """
    number = 0
    ids: list[str] = []
    splits: dict[tuple[str, str], int] = {}
    split_of = array("q")
    texts = iter(texts)
    while batch := list(islice(texts, BATCH)):
        number += len(batch)
        sets = []
        for source, split, text_id, text in batch:
            if len(found := shingles(text)) >= LEAST:
                sets.append(found)
                ids.append(text_id)
                split_of.append(splits.setdefault((source, split), len(splits)))
        digests = RMinHash.digests_from_token_sets(sets, PERMUTATIONS, SEED)
        file.write(np.array(digests, np.uint32).tobytes())
    return number, ids, list(splits), np.array(split_of, np.int64)


def _signatures(file: IO[bytes], number: int) -> npt.NDArray[np.uint32]:
    file.flush()
    shape = (number, PERMUTATIONS)
    return np.memmap(file, np.uint32, "r", shape=shape) if number else np.empty(shape, np.uint32)


def _numbered(names: Iterable[str]) -> Ints:
    """The same number for the same name."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)


def _near_pairs(
    signatures: npt.NDArray[np.uint32], order: Ints, held: int, source_of: Ints, threshold: float
) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
    """(first, second, similarity) of the near pairs, as places in `order`, sorted by first and second."""
    number = len(order)
    found = np.empty(0, np.int64)  # each pair as one number
    for band in range(BANDS):
        keys = np.zeros(number, np.uint64)
        for column in range(band * ROWS, (band + 1) * ROWS):
            keys = keys * _FACTOR + signatures[:, column]  # wraps around, as a hash may
        keys = keys[order]
        pairs = chain(
            _across(keys[:held], keys[held:]),
            _within(keys[held:] * _FACTOR + source_of[held:].astype(np.uint64), held),
        )
        found = np.unique(np.concatenate([found, *(first * number + second for first, second in pairs)]))
    first, second = np.divmod(found, max(number, 1))
    similarity = np.empty(len(found))
    for n in range(0, len(found), CHUNK):
        chunk = slice(n, n + CHUNK)
        similarity[chunk] = (signatures[order[first[chunk]]] == signatures[order[second[chunk]]]).mean(axis=1)
    near = similarity >= threshold
    return first[near], second[near], similarity[near]


def _across(held_out: Hashes, trained_on: Hashes) -> Iterator[tuple[Ints, Ints]]:
    """Each text with the first `MOST` held-out ones of its key."""
    by_key = np.argsort(held_out, kind="stable")
    keys = held_out[by_key]
    starts, ends = (np.searchsorted(keys, trained_on, side) for side in ("left", "right"))
    for n in range(MOST):
        second = np.flatnonzero(starts + n < ends)
        yield by_key[starts[second] + n], second + len(held_out)


def _within(keys: Hashes, offset: int) -> Iterator[tuple[Ints, Ints]]:
    """Each text with the first `MOST` ones of its key that stand before it."""
    by_key = np.argsort(keys, kind="stable")
    starts = np.searchsorted(keys[by_key], keys[by_key], "left")
    for n in range(MOST):
        second = np.flatnonzero(starts + n < np.arange(len(keys)))
        yield by_key[starts[second] + n] + offset, by_key[second] + offset


def _going(first: Ints, second: Ints, leaking: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which texts go: those that leak, and those near to an earlier one that stays."""
    going = leaking.copy()
    by_second = np.lexsort((first, second))
    for one, other in zip(first[by_second], second[by_second], strict=True):
        if not going[one]:
            going[other] = True
    return going


def _nearest(one: Ints, other: Ints, similarity: npt.NDArray[np.float64]) -> list[int]:
    """The places of the first few pairs of each two splits, the nearest first."""
    by_splits = np.lexsort((-similarity, other, one))
    keys = np.stack([one, other])[:, by_splits]
    new = np.ones(len(by_splits), bool)
    new[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    starts = np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))
    shown: list[int] = by_splits[np.arange(len(new)) - starts < EXAMPLES].tolist()
    return shown


def _counted(*columns: Ints) -> list[tuple[int, ...]]:
    """Each combination of values, and how often it stands in the columns."""
    values, counts = np.unique(np.stack(columns), axis=1, return_counts=True)
    return [tuple(row) for row in np.vstack([values, counts]).T.tolist()]
