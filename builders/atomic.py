"""A file that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import IEPileError


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it gets its name when the block ends, and is gone where the block raises.

    Raises:
        IEPileError: where there is no folder for it, or the name is a folder's.
    """
    if not path.parent.is_dir() or path.is_dir():
        what = "is a folder" if path.is_dir() else "lies in no folder that there is"
        raise IEPileError(f"{path} {what}; name another file with --out.")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
