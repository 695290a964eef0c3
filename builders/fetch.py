"""What of the sources can be downloaded, and the downloading: a few files at once, archives unpacked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from threading import Event
from urllib.parse import unquote, urlsplit

import requests

from .archives import Limits, is_archive, stem, unpack
from .downloads import HEADERS, TIMEOUT, Download, FetchError, Report, Wait, download_file
from .errors import IEPileError
from .source import File, Source


@dataclass(frozen=True)
class Outcome:
    """What became of a download."""

    download: Download
    size: int = 0  # bytes of the file
    error: str = ""


def plan(sources: Iterable[Source], raw: Path) -> list[Download]:
    """What is to be downloaded for the files of these sources that are not below `raw`; each address once."""
    found: dict[tuple[str, Path], Download] = {}
    for source in sources:
        folder = source.folder(raw) or raw / source.place
        for file in (file for files in source.files.values() for file in files):
            if not file.url or (folder.is_dir() and file.locate(folder)):
                continue
            name = PurePosixPath(unquote(urlsplit(file.url).path)).name
            target = folder / (name if is_archive(name) else _spelling(file, name))
            known = found.get((file.url, target))
            names = (*known.sources, source.name) if known else (source.name,)
            found[file.url, target] = Download(
                tuple(dict.fromkeys(names)), file.url, target, file.size, file.sha256, file.tried
            )
    return list(found.values())


def _spelling(file: File, name: str) -> str:
    """The path that the file will be found by: the one that ends like the address, where there is one."""
    spellings = [spelling for spelling in file.spellings if "*" not in spelling and spelling != "."]
    return next((s for s in spellings if PurePosixPath(s).name == name), spellings[0] if spellings else name)


def with_sizes(downloads: Sequence[Download], workers: int = 4) -> list[Download]:
    """The downloads with the sizes that the servers tell, where they do."""

    def ask(download: Download) -> Download:
        try:
            answer = requests.head(download.url, headers=HEADERS, timeout=TIMEOUT[0], allow_redirects=True)
            size = int(answer.headers["Content-Length"]) if answer.ok else None
        except (requests.RequestException, KeyError, ValueError):
            size = None
        return replace(download, told=size)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda one: ask(one) if one.size is None else replace(one, told=one.size), downloads))


def fetch(
    downloads: Sequence[Download],
    *,
    workers: int = 4,
    report: Report = lambda more: None,
    limits: Limits | None = None,
    wait: Wait | None = None,
) -> Iterator[Outcome]:
    """Download all, a few at once; yields what became of each, in the order given.

    Args:
        downloads: as `plan` gives them.
        workers: how many at once.
        report: is called with the bytes that came, from several threads.
        limits: of what an archive may unpack to.
        wait: sleeps between tries.
    """
    stopped = Event()

    def counted(more: int) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt  # in a worker, which the interrupt of the program does not reach
        report(more)

    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(lambda one: _outcome(one, counted, limits, wait or stopped.wait), downloads)
        except BaseException:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


def _outcome(download: Download, report: Report, limits: Limits | None, wait: Wait) -> Outcome:
    folder = download.target.with_name(stem(download.target.name))
    try:
        if not download.archive:
            return Outcome(download, download_file(download, report, wait))
        if folder.exists():
            raise FetchError(f"{folder} is there already, but lacks what was expected; move it away to fetch it anew.")
        # Under this name it is whole and checked, so a run was killed as it unpacked.
        whole = download.target.is_file()
        size = download.target.stat().st_size if whole else download_file(download, report, wait)
        try:
            unpack(download.target, folder, limits)
        finally:
            download.target.unlink()
        return Outcome(download, size)
    except (IEPileError, OSError) as error:
        return Outcome(download, error=str(error))
