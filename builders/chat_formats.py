"""The corpus in the formats of other trainers; the prompt stays ours: the user's turn is `instruction`, unchanged.

`messages` is what TRL reads as it is, and Axolotl with `type: chat_template`. `alpaca` and `sharegpt` are what
LLaMA-Factory reads, with the columns that it expects where its `dataset_info.json` names none. All three trainers read
JSON lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from .atomic import atomic_file
from .errors import FormatError

FORMATS: Mapping[str, Callable[[str, str], dict[str, Any]]] = {
    "messages": lambda prompt, answer: {
        "messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    },
    # An empty input is no part of the prompt: the text stands in the instruction already.
    "alpaca": lambda prompt, answer: {"instruction": prompt, "input": "", "output": answer},
    "sharegpt": lambda prompt, answer: {
        "conversations": [{"from": "human", "value": prompt}, {"from": "gpt", "value": answer}]
    },
}


def convert(rows: Iterable[Mapping[str, Any]], name: str, out: Path) -> int:
    """Write rows of the corpus in a format, as JSON lines; `out` appears whole or not at all.

    Args:
        rows: of any config; they are read once, one at a time.
        name: one of `FORMATS`.
        out: a file, replaced where it exists.

    Returns:
        How many rows it has.

    Raises:
        FormatError: where a row has no answer to train on.
        IEPileError: where `out` cannot be written.
    """
    make, count = FORMATS[name], 0
    with atomic_file(out) as file:
        for row in rows:
            if not row["output"]:
                raise FormatError(f"The row {row['id']} has no `output`; only rows with answers can be trained on.")
            file.write(orjson.dumps(make(row["instruction"], row["output"]), option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count
