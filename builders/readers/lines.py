"""Lines and JSON documents of a UTF-8 file, with errors that name the file and the line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from ..errors import FormatError
from ..records import Record, Rejected

Parse = Callable[[Any, str], Iterable[Record | Rejected]]  # (object, `file:line`) → what was found in it


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line without its end).

    Raises:
        FormatError: where a line is not UTF-8.
    """
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, 1):
                yield number, line.rstrip("\r\n")
    except UnicodeDecodeError:
        # Text is decoded in chunks, so the line is looked up; the reader may be behind it.
        with path.open("rb") as raw:
            bad = next((n for n, line in enumerate(raw, 1) if not _is_utf8(line)), number + 1)
        raise FormatError(f"{path}:{bad}: this line is not UTF-8; convert the file to UTF-8.") from None


def read_json_lines(path: Path) -> Iterator[tuple[str, Any] | Rejected]:
    """Yield (`file:line`, object) for each line that holds JSON; a line that does not is set aside."""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        origin = f"{path}:{number}"
        try:
            yield origin, orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Rejected(origin, f"not JSON: {error}", content=line[:200])


def parse_json_items(path: Path, parse: Parse) -> Iterator[Record | Rejected]:
    """What `parse` finds in each object of a file of JSON lines, or of one JSON array."""
    for item in read_json_items(path):
        if isinstance(item, Rejected):
            yield item
        else:
            yield from parse_object(parse, item[1], item[0])


def parse_object(parse: Parse, data: Any, origin: str) -> list[Record | Rejected]:
    """What `parse` finds in one object; where the object has not the shape that it reads, one `Rejected`."""
    try:
        return list(parse(data, origin))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        reason = f"no key {error}" if isinstance(error, KeyError) else str(error)
        return [Rejected(origin, f"not a record of this format: {reason}", content=str(data)[:200])]


def read_json_items(path: Path) -> Iterator[tuple[str, Any] | Rejected]:
    """Yield (`file:line`, object) for each object of a file of JSON lines, or of one JSON array.

    An array is decoded item by item, so that of a large file only the text lies in memory.

    Raises:
        FormatError: where an array is not UTF-8 or breaks off; the message names the line.
    """
    with path.open("rb") as file:
        if not file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
            yield from read_json_lines(path)
            return
    text = "\n".join(line for _, line in read_lines(path))
    decoder = json.JSONDecoder()
    place, counted, number = text.index("[") + 1, 0, 1
    while (place := _BETWEEN.match(text, place).end()) < len(text) and text[place] != "]":  # type: ignore[union-attr]
        number += text.count("\n", counted, place)
        counted = place
        try:
            item, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise FormatError(f"{path}:{error.lineno}: not JSON ({error.msg}); is the file complete?") from None
        yield f"{path}:{number}", item
    if place == len(text):
        raise FormatError(f"{path}: the JSON array has no end; is the file complete?")


def read_json(path: Path) -> Any:
    """The document that fills a whole file.

    Raises:
        FormatError: where it is not UTF-8 or not JSON; the message names the line.
    """
    text = "\n".join(line for _, line in read_lines(path))
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise FormatError(f"{path}:{error.lineno}: not JSON ({error.msg}); is the file complete?") from None


def read_text(path: Path) -> str:
    """All of a file, line ends as they are, for offsets that count them.

    Raises:
        FormatError: where it is not UTF-8; the message names the line.
    """
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FormatError(f"{path}:{line}: this line is not UTF-8; convert the file to UTF-8.") from None


_BETWEEN = re.compile(r"[\s,]*")  # what may stand between the items of an array


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
