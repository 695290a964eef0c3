r"""Our corpus, prompt and metric in lm-evaluation-harness, for the many models and servers that it runs.

    folder=$(python -c 'import iepile; print(iepile.__path__[0])')/extraction/lm_eval
    lm_eval --include_path $folder --tasks iepile --metadata '{"config": "en_ner"}' --apply_chat_template \
        --model hf --model_args pretrained=HuggingFaceTB/SmolLM2-135M-Instruct

`lm_eval/iepile.yaml` is the task; this module is what it names. Answers are free, as the harness has no grammars; what
is no valid JSON is mended, as in `iepile score`, and `valid` tells the share of answers that needed no mending.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import iepile

from ..builders.tasks import get_task
from .metrics import Counts, compare
from .parsing import parse
from .predictions import load_field, read_instruction


def load_rows(
    data: str = "iepile", config: str = "en_ner", split: str = "test", limit: int | None = None, **_: Any
) -> Any:
    """The rows of a split as `test`, and those of train for examples.

    Args:
        data: a built corpus.
        config: as `iepile.load` takes it.
        split: likewise.
        limit: rows at most, the first ones.
    """
    import datasets

    part = f"[:{limit}]" if limit else ""
    rows = {"test": iepile.load(config, f"{split}{part}", data_dir=data)}
    return datasets.DatasetDict({**rows, "train": iepile.load(config, "train", data_dir=data)})


def score_row(row: Mapping[str, Any], outputs: Sequence[str]) -> dict[str, Any]:
    """What one answer adds to each metric: counts of the task's first facet, and whether it was valid."""
    task, origin = get_task(row["task"]), f"row {row['id']}"
    entries, _ = read_instruction(row, task, origin)
    parsed = parse(outputs[0].strip(), task, entries)
    facet = task.facets[0]
    gold = task.items(load_field(row, "output", origin, dict)).get(facet, [])
    found = [*task.items(parsed.answer).get(facet, []), *parsed.off_schema.get(facet, [])]
    counts = tuple(vars(compare(gold, found)).values())
    return {"precision": counts, "recall": counts, "f1": counts, "valid": float(parsed.status == "valid")}


def precision(counts: Sequence[Sequence[int]]) -> float:
    """Micro precision in per cent, over what `score_row` gave for each row."""
    return _total(counts).precision


def recall(counts: Sequence[Sequence[int]]) -> float:
    """Micro recall, likewise."""
    return _total(counts).recall


def f1(counts: Sequence[Sequence[int]]) -> float:
    """Micro F1, likewise."""
    return _total(counts).f1


def _total(counts: Sequence[Sequence[int]]) -> Counts:
    return sum((Counts(*one) for one in counts), Counts())
