"""Score a file of predictions: `iepile score`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ..builders.errors import FormatError, IEPileError
from ..builders.tasks import get_task
from .metrics import Scores, score_records
from .predictions import Row, answered, read_predictions
from .published_rule import score_published

PROFILES = ("default", "published")


def score(
    predictions: Path | str | Iterable[Row],
    task: str | None = None,
    *,
    repair: bool = True,
    profile: str = "default",
) -> Scores:
    """Score a predictions file, or rows of one.

    Args:
        predictions: JSON lines or Parquet, in either format that `predictions.py` tells of; or the rows themselves.
        task: that of published rows that name none and whose instruction is none of ours.
        repair: whether answers that are not JSON are mended before they are read; those that are get counted.
        profile: `default`, or `published` for the rule of `published_rule.py`, which never mends.

    Raises:
        FormatError: where a row cannot be scored; the message names file and line.
    """
    if profile not in PROFILES:
        raise IEPileError(f"There is no profile {profile!r}; there are {', '.join(PROFILES)}.")
    rows: Iterator[tuple[str, Row]]
    if isinstance(predictions, (str, Path)):
        where, rows = str(predictions), read_predictions(Path(predictions))
    else:
        where, rows = "the predictions", ((f"row {number}", row) for number, row in enumerate(predictions, 1))
    named = get_task(task) if task else None
    if profile == "published":
        scores = score_published(rows, named)
    else:
        scores = score_records(answered(rows, named, repair))
    if not scores.lines:
        raise FormatError(f"{where}: there are no rows to score.")
    return scores
