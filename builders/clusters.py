"""Labels into clusters by average linkage: the pair of clusters that is most alike is joined, again and again."""

from __future__ import annotations

from collections.abc import Sequence

Clusters = list[list[int]]


def cluster(similarity: Sequence[Sequence[float]], count: int, largest: int) -> Clusters:
    """Join items 0…n-1 until `count` clusters are left, or no two are alike at all.

    Items like no other come together in clusters of their own: nothing is known of them, so they are asked together.
    The outcome depends on the similarities and on the items' order alone.

    Args:
        similarity: n × n, symmetric; above 0 where two items are alike.
        count: how many clusters to aim at.
        largest: the most items that one cluster may hold.
    """
    n = len(similarity)
    clusters: Clusters = [[i] for i in range(n)]
    # Sums of similarities between clusters, kept up to date, so that a join costs O(n).
    between = [list(row) for row in similarity]
    while len(clusters) > count:
        best: tuple[float, int, int, int] | None = None
        for a in range(len(clusters)):
            for b in range(a):
                size = len(clusters[a]) + len(clusters[b])
                if size > largest:
                    continue
                mean = round(between[a][b] / (len(clusters[a]) * len(clusters[b])), 9)
                if mean > 0 and (best is None or (mean, -size) > best[:2]):
                    best = (mean, -size, a, b)
        if best is None:
            break
        _, _, a, b = best
        clusters[b] += clusters.pop(a)
        for i, row in enumerate(between):
            row[b] += row[a]
            if i != a:
                between[b][i] += between[a][i]
        for row in between:
            del row[a]
        del between[a]
    if len(clusters) > count:
        alone = [c[0] for c in clusters if len(c) == 1]
        clusters = [c for c in clusters if len(c) > 1]
        pieces = -(-len(alone) // largest)
        clusters += [alone[piece::pieces] for piece in range(pieces)]
    return sorted(sorted(c) for c in clusters)
