"""One download: resumed where it broke off, retried with patience, checked by size and sha256.

A file grows as `<name>.part` and gets its name when it is whole and checked, so that nothing that looks complete is
not. Retries are few, wait longer each time and do what `Retry-After` asks.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3

from .archives import is_archive
from .errors import IEPileError

TRIES = 5  # in a row without a byte more
LONGEST_WAIT = 120.0  # seconds; a server that asks for more is left alone
TIMEOUT = (10, 60)  # seconds to connect, and for each read
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
HEADERS = {"User-Agent": "iepile", "Accept-Encoding": "identity"}  # sizes and sums are those of the files as they lie
_CHUNK = 1 << 16

Report = Callable[[int], None]  # bytes more; fewer than none where a file is begun again
Wait = Callable[[float], object]  # for so many seconds


class FetchError(IEPileError):
    """A download that cannot be had, for a reason that another try would not mend."""


@dataclass(frozen=True)
class Download:
    """One address, and where what lies there goes.

    Attributes:
        sources: the names of those that need it.
        url: of the file, or of an archive with it.
        target: the file; an archive is unpacked beside it and then removed.
        size: bytes, where known.
        sha256: where known.
        tried: whether anyone has fetched the address before.
        told: bytes as the server tells them beforehand, to be shown; it may be wrong.
    """

    sources: tuple[str, ...]
    url: str
    target: Path
    size: int | None = None
    sha256: str = ""
    tried: bool = False
    told: int | None = None

    @property
    def archive(self) -> bool:
        return is_archive(self.target.name)

    @property
    def untried(self) -> str:
        """What a message adds where the address may be wrong."""
        return "" if self.tried else "; nobody has tried this address before"


def download_file(download: Download, report: Report, wait: Wait) -> int:
    """Bring the file to its place and return its size.

    Args:
        download: says from where and where to.
        report: is called with the bytes that came.
        wait: sleeps between tries.

    Raises:
        FetchError: where it cannot be had, or is not what it should be.
    """
    if urlsplit(download.url).scheme not in ("http", "https"):
        raise FetchError(f"{download.url} is no web address; mend it in the source's module.")
    download.target.parent.mkdir(parents=True, exist_ok=True)
    part = _Part(download)
    resumed = part.size > 0
    report(part.size)
    failures, most = 0, part.size
    while True:
        try:
            part.receive(report)
            break
        except (requests.RequestException, urllib3.exceptions.HTTPError, _Later) as error:
            if isinstance(error, ValueError | requests.TooManyRedirects):
                raise FetchError(_unreachable(download, error)) from None  # of the address; no other try would help
            failures = 1 if part.size > most else failures + 1
            resumed, most = True, max(most, part.size)
            pause = max(2.0**failures * random.uniform(0.5, 1), getattr(error, "seconds", 0.0))
            if failures == TRIES or pause > LONGEST_WAIT:
                raise FetchError(_unreachable(download, error)) from None
            wait(pause)
    try:
        part.check()
    except FetchError:
        report(-part.size)
        part.remove()
        if not resumed:
            raise
        return download_file(download, report, wait)  # the pieces may be of two versions of the file
    size = part.size
    part.finish()
    return size


def _unreachable(download: Download, error: Exception) -> str:
    patience = getattr(error, "seconds", 0.0)
    why = f"it asks to wait {patience:.0f} seconds" if patience > LONGEST_WAIT else _phrase(error)
    name = download.target.name
    return f"{download.url} could not be had ({why}{download.untried}). Try again, or bring {name} by hand."


def _phrase(error: BaseException) -> str:
    """The innermost reason of an error of the network, without the objects that it came through."""
    while True:
        inner = [getattr(error, "reason", None), *reversed(error.args)]
        found = next((reason for reason in inner if isinstance(reason, BaseException)), None)
        if found is None:
            return str(error).rpartition("): ")[2] or type(error).__name__
        error = found


class _Later(Exception):
    """The server is busy; `seconds` is for how long it wants to be left alone."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(f"it answers {answer.status_code} {answer.reason}")
        self.seconds = _retry_after(answer.headers.get("Retry-After", ""))


def _retry_after(value: str) -> float:
    """Seconds, from a number of seconds or a date."""
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())


class _Part:
    """A file that is not yet whole, with what tells its version, lest two versions are joined."""

    def __init__(self, download: Download) -> None:
        self._download = download
        self._path = download.target.with_name(f"{download.target.name}.part")
        self._note = download.target.with_name(f"{download.target.name}.part.json")
        self._version = self._known_version()

    @property
    def size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _known_version(self) -> str:
        """What the server called the version of the part that is there; without it, the part is dropped."""
        try:
            note = json.loads(self._note.read_text("utf-8"))
            if note["url"] == self._download.url and (note["version"] or self._download.sha256):
                return str(note["version"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        self._path.unlink(missing_ok=True)
        return ""

    def receive(self, report: Report) -> None:
        """Ask for what is missing and write it.

        Raises:
            FetchError: where the server will not give the file, or gives another one.
            _Later: where it is busy.
            requests.RequestException, urllib3.exceptions.HTTPError: where it does not answer, or breaks off.
        """
        if self.size and not self._version and not self._download.sha256:
            report(-self.size)
            self._path.unlink()
        have = self.size
        headers = {**HEADERS, **({"Range": f"bytes={have}-"} if have else {})}
        if have and self._version:
            headers["If-Range"] = self._version
        with requests.get(self._download.url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == 416:  # nothing follows: the part is whole, or of another version
                if answer.headers.get("Content-Range") != f"bytes */{have}":
                    report(-have)
                    self.remove()
                    raise _Later(answer)
                return
            if answer.status_code in TRANSIENT:
                raise _Later(answer)
            if not answer.ok:
                raise FetchError(
                    f"{self._download.url} could not be had (it answers {answer.status_code} {answer.reason}"
                    f"{self._download.untried}). Bring {self._download.target.name} by hand."
                )
            if answer.status_code != 206 or not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                report(-have)
                self._path.unlink(missing_ok=True)
                have = 0
            self._write(answer, have, report)

    def _write(self, answer: requests.Response, have: int, report: Report) -> None:
        length = answer.headers.get("Content-Length", "")
        whole = have + int(length) if length.isdecimal() else None
        if whole is not None and self._download.size not in (None, whole):
            raise FetchError(_another(self._download, f"{whole:,} bytes instead of {self._download.size:,}"))
        if (
            answer.headers.get("Content-Type", "").startswith("text/html")
            and "htm" not in self._download.target.suffix
        ):
            raise FetchError(f"{self._download.url} is a web page and no file; bring the file by hand.")
        if answer.headers.get("Content-Encoding", "identity") != "identity" and not self._download.archive:
            raise FetchError(f"{self._download.url} comes encoded, though it was not asked to; bring it by hand.")
        if (whole or 0) - have > (free := shutil.disk_usage(self._path.parent).free):
            raise FetchError(f"{self._path.parent} has {free:,} bytes left, and {self._download.url} needs {whole:,}.")
        tag = answer.headers.get("ETag", "")
        self._version = tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")
        self._note.write_text(json.dumps({"url": self._download.url, "version": self._version}), encoding="utf-8")
        with self._path.open("ab") as file:
            for chunk in answer.raw.stream(_CHUNK, decode_content=False):
                file.write(chunk)
                report(len(chunk))
        if whole is not None and self.size < whole:
            raise requests.ConnectionError(f"the connection broke after {self.size:,} of {whole:,} bytes")

    def check(self) -> None:
        """Compare the file with what is known of it.

        Raises:
            FetchError: where it is another.
        """
        if self._download.size not in (None, self.size):
            raise FetchError(_another(self._download, f"{self.size:,} bytes instead of {self._download.size:,}"))
        if self._download.sha256:
            state = hashlib.sha256()
            with self._path.open("rb") as file:
                while block := file.read(1 << 20):
                    state.update(block)
            if (found := state.hexdigest()) != self._download.sha256:
                raise FetchError(_another(self._download, f"sha256 {found} instead of {self._download.sha256}"))

    def finish(self) -> None:
        """Give the file its name."""
        self._path.replace(self._download.target)
        self._note.unlink(missing_ok=True)

    def remove(self) -> None:
        """Begin again."""
        self._path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def _another(download: Download, what: str) -> str:
    return f"{download.url} is not the file that is known ({what}); look at it, and bring the right one by hand."
