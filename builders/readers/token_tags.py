"""JSON lines of tokens and their tags, as data sets on the Hugging Face Hub have them (MultiNERD).

{"tokens": ["Oslo", "rains"], "ner_tags": [5, 0], …}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..records import Record, Rejected
from .columns import tagged_record
from .lines import parse_json_items


def read_token_tags(
    path: Path, *, tokens: str = "tokens", tags: str = "ner_tags", names: Sequence[str] = (), joiner: str = " "
) -> Iterator[Record | Rejected]:
    """Yield one record a line.

    Args:
        path: the file.
        tokens: key of the tokens.
        tags: key of their tags.
        names: the tag that each number stands for, where the file has numbers.
        joiner: between tokens in the text.
    """

    def parse(data: Any, origin: str) -> Iterator[Record]:
        row = [names[tag] if isinstance(tag, int) else tag for tag in data[tags]]
        if len(row) != len(data[tokens]):
            raise ValueError(f"{len(row)} tags for {len(data[tokens])} tokens")
        yield tagged_record(data[tokens], [row], origin, joiner)

    return parse_json_items(path, parse)
