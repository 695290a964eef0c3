"""What may be passed on: the terms of the sources whose rows a corpus holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..builders.source import known_sources

# `unstated` is treated as may not, until the user says otherwise by name.
RESTRICTED = {
    "agreement": "its licence forbids passing it on",
    "unstated": "it states no licence",
}


def sources_of(files: Iterable[Path]) -> tuple[str, ...]:
    """The names in the `source` column of these Parquet files, read a batch at a time."""
    names: set[str] = set()
    for path in files:
        with pq.ParquetFile(path) as parquet:
            for batch in parquet.iter_batches(columns=["source"]):
                names.update(pc.unique(batch.column("source")).to_pylist())
    return tuple(sorted(names))


def restricted(sources: Iterable[str]) -> dict[str, str]:
    """Source → why its rows may not be passed on, for those that may not; one's own sources state no licence."""
    known = known_sources()
    terms = {name: known[name].redistribute if name in known else "unstated" for name in sources}
    return {name: RESTRICTED[term] for name, term in terms.items() if term in RESTRICTED}
