"""Archives from elsewhere, unpacked with care: no member outside the folder, no links, no bombs.

What is written is counted as it is written, since what an archive says of itself may be false.
"""

from __future__ import annotations

import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

from .errors import IEPileError

_SUFFIX = re.compile(r"\.(zip|tar|tgz|tar\.(gz|bz2|xz))$", re.IGNORECASE)
# What the unpackers raise at damage, odd compression, odd names and passwords.
_UNREADABLE = (EOFError, LZMAError, RuntimeError, ValueError, tarfile.TarError, zipfile.BadZipFile, zlib.error)
_CHUNK = 1 << 20

Member = tuple[str, IO[bytes] | None]  # its name, and what it holds; None for what is neither file nor folder


class ArchiveError(IEPileError):
    """An archive that is damaged, or that asks for what none should."""


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to.

    Attributes:
        size: bytes in all.
        ratio: how many times its own size, from `floor` bytes on; texts are packed to a tenth or so, bombs to a
            thousandth.
        members: files and folders.
    """

    size: int = 16 << 30
    ratio: int = 100
    floor: int = 64 << 20
    members: int = 200_000


@dataclass(frozen=True)
class Unpacked:
    """What was unpacked, and how many links and devices were left out."""

    files: int
    size: int
    left_out: int


def is_archive(name: str) -> bool:
    """Whether a file of this name is one."""
    return _SUFFIX.search(name) is not None


def stem(name: str) -> str:
    """The name of an archive without its ending."""
    return _SUFFIX.sub("", name)


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> Unpacked:
    """Unpack the archive to a new folder, which appears whole or not at all.

    Raises:
        ArchiveError: where the archive is damaged, has a member that would lie outside the folder or in the place of
            another, or unpacks to more than the limits allow.
    """
    limits = limits or Limits()
    part = folder.with_name(f"{folder.name}.unpacking")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        unpacked = _write_members(archive, part, limits)
        part.rename(folder)
    except (*_UNREADABLE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's, such as a full disk
        raise ArchiveError(f"{archive.name} is damaged or packed in a way that is not known here ({error}).") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return unpacked


def _write_members(archive: Path, folder: Path, limits: Limits) -> Unpacked:
    most = min(limits.size, max(limits.floor, limits.ratio * archive.stat().st_size))
    files = size = left_out = 0
    for number, (name, content) in enumerate(_members(archive), 1):
        if number > limits.members:
            raise ArchiveError(f"{archive.name} has more than {limits.members:,} members; it may be a bomb.")
        path = folder / _inside(archive, name)
        if content is None:
            left_out += 1
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                while chunk := content.read(_CHUNK):
                    size += len(chunk)
                    if size > most:
                        raise ArchiveError(f"{archive.name} unpacks to more than {most:,} bytes; it may be a bomb.")
                    file.write(chunk)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise ArchiveError(f"{archive.name} has two members in the place of {name!r}.") from None
        files += 1
    return Unpacked(files, size, left_out)


def _members(archive: Path) -> Iterator[Member]:
    """Each member but the folders."""
    if archive.suffix.lower() == ".zip":
        with zipfile.ZipFile(archive) as packed:
            for info in packed.infolist():
                if not info.is_dir():
                    kind = stat.S_IFMT(info.external_attr >> 16)  # of Unix; 0 where another system packed it
                    if kind in (0, stat.S_IFREG):
                        with packed.open(info) as content:
                            yield info.filename, content
                    else:
                        yield info.filename, None
        return
    with tarfile.open(archive, "r:*") as tar:
        for member in tar:
            if not member.isdir():
                yield member.name, tar.extractfile(member) if member.isreg() else None


def _inside(archive: Path, name: str) -> PurePosixPath:
    """The member's path below the folder.

    Raises:
        ArchiveError: where it would lie elsewhere.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or re.match("[A-Za-z]:", name):
        raise ArchiveError(f"{archive.name} has a member {name!r}, which would lie outside its folder.")
    return path
