"""Lines and JSON documents of a UTF-8 file, with errors that name the file and the line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import orjson

from ..errors import FormatError
from ..records import Record, Rejected

Parse = Callable[[Any, str], Iterable[Record | Rejected]]  # (object, `file:line`) → what was found in it


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """The file, opened for reading, line ends as they are.

    Raises:
        FormatError: on reading a line that is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            yield file
    except UnicodeDecodeError:
        # Text is decoded in chunks, so the line is looked up; the reader may be behind it.
        with path.open("rb") as raw:
            bad = next(number for number, line in enumerate(raw, 1) if not _is_utf8(line))
        raise _not_utf8(path, bad) from None


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line without its end).

    Raises:
        FormatError: where a line is not UTF-8.
    """
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            yield number, line.rstrip("\r\n")


def read_json_lines(path: Path) -> Iterator[tuple[str, Any] | Rejected]:
    """Yield (`file:line`, object) for each line that holds JSON; a line that does not is set aside.

    Raises:
        FormatError: where a line is not UTF-8.
    """
    name = str(path)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                line = line.removeprefix(_BOM)
            if line.isspace():
                continue
            try:
                yield f"{name}:{number}", orjson.loads(line)
            except orjson.JSONDecodeError as error:
                if not _is_utf8(line):
                    raise _not_utf8(path, number) from None
                if content := line.decode().strip():
                    yield Rejected(f"{name}:{number}", f"not JSON: {error}", content=content[:200])


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

    An array is decoded item by item, so that memory does not grow with it.

    Raises:
        FormatError: where an array is not UTF-8 or breaks off; the message names the line.
    """
    with path.open("rb") as file:
        array = file.read(64).removeprefix(_BOM).lstrip().startswith(b"[")
    yield from _array_items(path) if array else read_json_lines(path)


def _array_items(path: Path) -> Iterator[tuple[str, Any]]:
    decoder = json.JSONDecoder()
    with open_text(path) as file:
        text = file.read(_CHUNK)
        place = text.index("[") + 1
        line = 1 + text.count("\n", 0, place)
        while True:
            start = next(_NEXT.finditer(text, place)).start()
            line += text.count("\n", place, start)
            place = start
            if text.startswith("]", place):
                return
            try:
                item, end = decoder.raw_decode(text, place)
            except json.JSONDecodeError as error:
                # As much again, since the item may be longer than what is there: so no part is tried too often.
                if more := file.read(max(_CHUNK, len(text) - place)):
                    text, place = text[place:] + more, 0
                    continue
                line += text.count("\n", place, error.pos)
                raise FormatError(f"{path}:{line}: not JSON ({error.msg}); is the file complete?") from None
            yield f"{path}:{line}", item
            line += text.count("\n", place, end)
            place = end


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
        raise _not_utf8(path, line) from None


_NEXT = re.compile(r"[^\s,]|\Z")  # the next item of an array, its end, or the end of the text
_CHUNK = 1 << 20  # characters
_BOM = b"\xef\xbb\xbf"


def _not_utf8(path: Path, line: int) -> FormatError:
    return FormatError(f"{path}:{line}: this line is not UTF-8; convert the file to UTF-8.")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
