"""Labels into clusters by average linkage: the two clusters that are most alike are joined, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

FEWEST, MOST = 0.5, 1.25  # clusters, times √n
ALIKE = 1.0  # between these bounds only what is alike is joined: more than the average, times this
_SCALE = 10**9  # similarities are counted in whole numbers, so that no order of adding can matter


def cluster(similarity: Sequence[Sequence[float]], largest: int, leave_alone: bool = False) -> list[list[int]]:
    """Put items 0…n-1 into about √n clusters; sorted.

    Down to `MOST` · √n clusters whatever is alike at all is joined; from there to `FEWEST` · √n only what is more
    alike than two items are on average. Items that are then alone come together, since nothing parts them; a single
    one joins the cluster that it is most like, then the smallest.

    Args:
        similarity: n × n, symmetric, 0 where nothing is alike.
        largest: the most items in a cluster.
        leave_alone: whether a single item that is left may stay alone.
    """
    n = len(similarity)
    between = [[round(s * _SCALE) for s in row] for row in similarity]  # between clusters: the sum over their items
    average = sum(between[i][j] for i in range(n) for j in range(i)) / max(1, n * (n - 1) / 2)
    clusters = [[i] for i in range(n)]
    while len(clusters) > max(1, round(FEWEST * sqrt(n))):
        best, a, b = _closest(clusters, between, largest)
        if best <= 0 or (len(clusters) <= MOST * sqrt(n) and best < ALIKE * average):
            break
        _join(clusters, between, a, b)
    alone = [c for c in clusters if len(c) == 1]
    if len(alone) > 1:
        clusters = [c for c in clusters if len(c) > 1] + _together([c[0] for c in alone], largest)
    elif alone and len(clusters) > 1 and not leave_alone:
        a = clusters.index(alone[0])
        free = [b for b, c in enumerate(clusters) if b != a and len(c) < largest]
        if free:
            b = max(free, key=lambda b: (between[a][b] / len(clusters[b]), -len(clusters[b]), -clusters[b][0]))
            clusters[b] += alone[0]
            del clusters[a]
    return sorted(sorted(c) for c in clusters)


def _closest(clusters: list[list[int]], between: list[list[int]], largest: int) -> tuple[float, int, int]:
    """The mean similarity and the places of the two clusters to join; of equals the smallest, then the first."""
    sizes = [len(c) for c in clusters]
    best, joined, place = 0.0, 0, (0, 0)
    for a in range(1, len(sizes)):
        row, size_a = between[a], sizes[a]
        for b in range(a):
            size = size_a + sizes[b]
            if size <= largest:
                mean = row[b] / (size_a * sizes[b])
                if mean > best or (mean == best and mean > 0 and size < joined):
                    best, joined, place = mean, size, (a, b)
    return best, *place


def _join(clusters: list[list[int]], between: list[list[int]], a: int, b: int) -> None:
    clusters[b] += clusters.pop(a)
    del between[a]
    for row in between:
        row[b] += row.pop(a)
    between[b] = [row[b] for row in between]


def _together(items: list[int], largest: int) -> list[list[int]]:
    pieces = -(-len(items) // largest)
    return [items[piece::pieces] for piece in range(pieces)]
