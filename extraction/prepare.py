"""Inference rows for any texts and any schema: the corpus's columns, asked as its test rows and the Extractor ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..builders.errors import FormatError, IEPileError
from ..builders.readers.lines import read_json_items, read_lines
from ..builders.records import Rejected
from .language import guess_language
from .schemas import Asked


def read_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (id, text): of JSON, strings or objects with `text` and perhaps `id`; of any other file, each line.

    A text without an id has `<file>/<line>` for one. Lines without text are left out.

    Raises:
        FormatError: where a line is none of these, or two texts have one id; the message names file and line.
    """
    if not path.is_file():
        raise IEPileError(f"There is no file {path}; name one of texts: JSON lines (.jsonl), or a text a line.")
    seen: set[str] = set()
    for origin, text_id, text in _json_texts(path) if path.suffix in (".jsonl", ".json") else _plain_texts(path):
        if text_id in seen:
            raise FormatError(f"{origin}: the id {text_id!r} stood in an earlier line; give each text one of its own.")
        seen.add(text_id)
        if text.strip():
            yield text_id, text


def prepare(
    texts: Iterable[tuple[str, str]], asked: Asked, source: str, language: str | None = None, split_num: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield the rows of each text, their `output` empty.

    Args:
        texts: (id, text).
        asked: task and schema.
        source: what the column `source` says.
        language: en or zh, of the instruction; else guessed from each text.
        split_num: the most options in a row, in place of the task's own.
    """
    for text_id, text in texts:
        spoken = language or guess_language(text)
        for batch, (_, instruction) in enumerate(asked.questions(text, spoken, split_num)):
            yield {
                "id": text_id,
                "batch": batch,
                "task": asked.task.name,
                "source": source,
                "language": spoken,
                "instruction": instruction,
                "output": "",
            }


def _plain_texts(path: Path) -> Iterator[tuple[str, str, str]]:
    for number, line in read_lines(path):
        yield f"{path}:{number}", f"{path.stem}/{number}", line


def _json_texts(path: Path) -> Iterator[tuple[str, str, str]]:
    for item in read_json_items(path):
        if isinstance(item, Rejected):
            raise FormatError(f"{item.origin}: {item.reason}; write a JSON object with `text` a line.")
        origin, found = item
        text = found.get("text") if isinstance(found, dict) else found
        if not isinstance(text, str):
            raise FormatError(f"{origin}: this line has no `text`; write a string, or an object with `text`.")
        named = found.get("id") if isinstance(found, dict) else None
        yield origin, f"{path.stem}/{origin.rpartition(':')[2]}" if named is None else str(named), text
