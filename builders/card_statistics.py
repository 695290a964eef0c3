"""What `iepile stats --card` puts into a corpus's card: its tables, in place of the short one that the build wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .atomic import atomic_file
from .console import format_cell
from .errors import IEPileError

_HEADING = "\n## Statistics\n"

Table = tuple[Sequence[str], Sequence[Sequence[object]]]  # header and rows


def write_into_card(corpus: Path, tables: Sequence[Table], notes: str) -> None:
    """Replace the statistics of the card.

    Args:
        corpus: its folder.
        tables: what was counted.
        notes: what stands below the tables.

    Raises:
        IEPileError: where the card has no such section.
    """
    path = corpus / "README.md"
    card = path.read_text("utf-8")
    before, heading, rest = card.partition(_HEADING)
    if not heading:
        raise IEPileError(f"{path} has no section of statistics; build the corpus again.")
    _, following, after = rest.partition("\n## ")
    section = "\n\n".join([*map(_markdown, tables), notes])
    with atomic_file(path) as file:
        file.write(f"{before}{heading}\n{section}\n{following}{after}".encode())


def _markdown(table: Table) -> str:
    header, rows = table
    numbers = [bool(rows) and all(isinstance(row[place], int | float) for row in rows) for place in range(len(header))]
    lines = [
        header,
        ["---:" if number else "---" for number in numbers],
        *([format_cell(c) for c in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
