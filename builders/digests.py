"""Digests: of values, of what files hold, of the code; and stamps, which tell a change without reading a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from stat import S_ISDIR
from typing import Any, NamedTuple

import pyarrow as pa


def digest(*parts: Any) -> str:
    """A short digest of bytes, or of what `json` can write."""
    state = blake2b(digest_size=16)
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True, default=str).encode()
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()


def file_digest(paths: Sequence[Path]) -> str:
    """The digest of what the files (or all files below the folders) hold."""
    state = blake2b(digest_size=16)
    for file in _below(paths):
        state.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as data:
            while block := data.read(1 << 20):
                state.update(block)
    return state.hexdigest()


def file_size(paths: Sequence[Path]) -> int:
    """The bytes of the files, and of all files below the folders."""
    return sum(file.stat().st_size for file in _below(paths))


def _below(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


@cache
def code_digest() -> str:
    """The digest of the code that the bytes of a shard depend on: all of `builders/`."""
    here = Path(__file__).parent
    files = sorted(path for path in here.rglob("*") if path.suffix in (".py", ".yaml"))
    return digest(*(path.read_bytes() for path in files), pa.__version__)


class Stamp(NamedTuple):
    """What the file system says of some files, and when the last of them changed, in nanoseconds."""

    digest: str
    newest: int


def stamp(paths: Iterable[Path]) -> Stamp:
    """The stamp of the files, and of all files below the folders; what is not there has one too.

    As `git status` does it: a file with the same inode, size and times is taken for the same file. `ctime` is among
    the times, and no ordinary program sets it back.
    """
    seen = []
    newest = 0
    for path in paths:
        for name, status in _files(str(path), set()):
            times = (status.st_mtime_ns, status.st_ctime_ns)
            seen.append((name, status.st_ino, status.st_size, *times))
            newest = max(newest, *times)
    return Stamp(digest(sorted(seen)), newest)


def _files(path: str, above: set[tuple[int, int]]) -> Iterator[tuple[str, os.stat_result]]:
    """The files at or below the path, links followed; `above` are the folders that it lies in."""
    try:
        status = os.stat(path)
        names = os.listdir(path) if S_ISDIR(status.st_mode) else None
    except OSError:
        return  # nothing there, or a link to nothing
    if names is None:
        yield path, status
        return
    if (place := (status.st_dev, status.st_ino)) in above:
        return  # a link to a folder that it lies in
    for name in names:
        if name != "__pycache__":
            yield from _files(os.path.join(path, name), above | {place})
