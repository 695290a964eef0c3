"""A corpus at an address that fsspec knows: s3://…, gs://…, hdfs://…, memory://…

Every object is written by one call with all of its bytes: a stream that an error ends would publish what it had got.
An object store has no folders to move into place. So the card, which names the files, goes first where anything
changes, and is written last: what has a card is whole.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from .digests import digest
from .errors import IEPileError
from .progress import progress

CARD = "README.md"


class Remote:
    """A folder at an address."""

    def __init__(self, address: str) -> None:
        """Find the file system.

        Raises:
            IEPileError: where the address names no folder, fsspec knows no file system for it, or its package is not
                installed.
        """
        self.address = address.rstrip("/")
        if "://" not in self.address:
            raise IEPileError(f"{address} names no folder; say where the corpus goes, as --out s3://bucket/iepile.")
        try:
            found: tuple[AbstractFileSystem, str] = url_to_fs(self.address)
        except (ImportError, ValueError) as error:
            raise IEPileError(f"{address} cannot be opened: {error}; mend --out, or install what it needs.") from None
        self._fs, self._root = found

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.address.rpartition("/")[2]

    def check_replaceable(self, configs: Collection[str]) -> None:
        """As for a folder of this machine.

        Raises:
            IEPileError: where something is there that no build made.
        """
        for name in self.names():
            if name != CARD and name.partition("/")[0] not in configs:
                raise IEPileError(
                    f"{self.address}/{name} was not made by a build; move it away, or name another folder with --out."
                )

    def names(self) -> list[str]:
        """The path of each file below the folder."""
        self._fs.invalidate_cache()
        found: Sequence[str] = self._fs.find(self._root)
        return sorted(path.removeprefix(self._root).strip("/") for path in found)

    def mark(self, name: str) -> list[str]:
        """What the file system says of a file, which changes when the file does."""
        info = self._fs.info(f"{self._root}/{name}")
        changed = next((info[key] for key in ("ETag", "etag", "md5Hash", "mtime", "created") if info.get(key)), "")
        return [str(info.get("size")), str(changed)]

    def write(self, name: str, content: bytes) -> list[str]:
        """Write a whole file; returns its mark."""
        path = f"{self._root}/{name}"
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._fs.pipe_file(path, content)
        return self.mark(name)

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._fs.rm_file(f"{self._root}/{name}")


def is_remote(out: str) -> bool:
    """Whether it is an address, and not a path of this machine."""
    return "://" in out and not out.startswith("file://")


def publish(folder: Path, remote: Remote, memory: Path) -> None:
    """Make the folder at the address the same as this one, writing only what is not there yet.

    Args:
        folder: of the corpus.
        remote: where it goes.
        memory: a file that tells what was written when, so that nothing is written twice.
    """
    written: dict[str, list[Any]] = _remembered(memory, remote.address)
    there = remote.names()
    contents = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    keys = {name: digest(path.read_bytes()) for name, path in contents.items()}
    same = {name for name in there if name in written and written[name] == [keys.get(name), remote.mark(name)]}
    new, old = sorted(keys.keys() - same), sorted(set(there) - keys.keys())
    if not new and not old:
        return
    if CARD in there:
        remote.remove(CARD)
    for name in old:
        if name != CARD:
            remote.remove(name)
    todo = [name for name in new if name != CARD] + [CARD]
    for name in progress(todo, len(todo), f"writing to {remote.address}", "files"):
        written[name] = [keys[name], remote.write(name, contents[name].read_bytes())]
        memory.write_text(json.dumps({"address": remote.address, "files": written}), encoding="utf-8")


def _remembered(memory: Path, address: str) -> dict[str, list[Any]]:
    try:
        last = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    files: dict[str, list[Any]] = last["files"] if last["address"] == address else {}
    return files
