"""How many rows of each config and source go into a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

Group = tuple[str, str]  # config and source
Key = TypeVar("Key")


def mix(
    counts: Mapping[Group, int],
    *,
    max_rows: int = 0,
    config_weights: Mapping[str, float] | None = None,
    source_weights: Mapping[str, float] | None = None,
    temperature: float = 1.0,
    max_rows_per_source: int = 0,
) -> dict[Group, int]:
    """Rows to take of each group; no row is taken twice.

    Within a config a source's share is its weight times its rows to the power of 1 / temperature: proportional to its
    rows at 1, flatter above. What a source has too few rows for goes to the others.

    Args:
        counts: the rows that each group has.
        max_rows: how many to take at most; 0 for as many as the weights allow.
        config_weights: each config's share of the mix; its rows if None.
        source_weights: 1 where a source is not named.
        temperature: of the shares of sources.
        max_rows_per_source: of one source within one config, at most; 0 for all.
    """
    available = {g: min(n, max_rows_per_source) if max_rows_per_source else n for g, n in counts.items()}
    by_config: dict[str, dict[Group, int]] = defaultdict(dict)
    for group, rows in available.items():
        by_config[group[0]][group] = rows
    sizes = {config: sum(groups.values()) for config, groups in by_config.items()}
    shares = {config: (config_weights or sizes)[config] for config in sizes}
    total = max_rows or sum(sizes.values())
    if config_weights and not max_rows:
        # The largest mix that keeps these proportions: the config that runs out first decides.
        total = int(min(sizes[c] / shares[c] for c in sizes if shares[c]) * sum(shares.values()))
    quotas: dict[Group, int] = {}
    for config, quota in fill(total, shares, sizes).items():
        weights = {
            group: (source_weights or {}).get(group[1], 1.0) * rows ** (1 / temperature)
            for group, rows in by_config[config].items()
        }
        quotas |= fill(quota, weights, by_config[config])
    return quotas


def fill(total: int, shares: Mapping[Key, float], available: Mapping[Key, int]) -> dict[Key, int]:
    """Deal out `total` by shares, none more than it has available; what one cannot take goes to the others."""
    dealt = {key: 0 for key in shares}
    left = {key: share for key, share in shares.items() if share > 0}
    total = min(total, sum(available[key] for key in left))
    while left:
        rest = total - sum(dealt.values())
        parts = {key: rest * share / sum(left.values()) for key, share in left.items()}
        full = [key for key in left if available[key] <= parts[key]]
        if not full:
            return dealt | _rounded(parts, rest)
        for key in full:
            dealt[key] = available[key]
            del left[key]
    return dealt


def _rounded(parts: Mapping[Key, float], total: int) -> dict[Key, int]:
    """Whole numbers with that sum; the largest remainders are rounded up, the earlier key where two are equal."""
    whole = {key: int(part) for key, part in parts.items()}
    order: Sequence[Key] = sorted(parts, key=lambda key: whole[key] - parts[key])
    for key in order[: total - sum(whole.values())]:
        whole[key] += 1
    return whole
