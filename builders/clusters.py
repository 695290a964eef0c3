"""Labels into clusters by average linkage: the two clusters that are most alike are joined, again and again."""

from __future__ import annotations

from collections.abc import Sequence

_SCALE = 10**9  # similarities are counted in whole numbers, so that no order of adding can matter


def cluster(similarity: Sequence[Sequence[float]], fewest: float, most: float, largest: int) -> list[list[int]]:
    """Put items 0…n-1 into clusters; sorted.

    Down to `most` clusters whatever is alike at all is joined; from there to `fewest` only what is more alike than two
    items are on average. Items that are then alone come together, since nothing parts them; so one at most stays
    alone.

    Args:
        similarity: n × n, symmetric, 0 where nothing is alike.
        fewest: clusters at which joining ends.
        most: clusters above which any likeness is enough to join.
        largest: the most items in a cluster.
    """
    n = len(similarity)
    between = [[round(s * _SCALE) for s in row] for row in similarity]  # between clusters: the sum over their items
    average = sum(between[i][j] for i in range(n) for j in range(i)) / max(1, n * (n - 1) / 2)
    clusters = [[i] for i in range(n)]
    while len(clusters) > max(1, round(fewest)):
        best, a, b = _closest(clusters, between, largest)
        if best <= 0 or (len(clusters) <= most and best < average):
            break
        _join(clusters, between, a, b)
    alone = [i for c in clusters if len(c) == 1 for i in c]
    clusters = [c for c in clusters if len(c) > 1] + (_together(alone, largest) if alone else [])
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
