"""Files over HTTP on loopback, with the faults of real servers, for tests of downloads."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = Callable[[Any], None]  # answers in place of the handler that it gets


@dataclass
class Site:
    """What is served. `faults` are used up one a request of their path, then the file is served."""

    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    log: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)  # method, path, headers
    ranges: bool = True
    etag: str = '"1"'
    length: bool = True  # whether it tells the length
    url: str = ""

    def asked(self, path: str) -> list[dict[str, str]]:
        """The headers of each GET of a path."""
        return [headers for method, of, headers in self.log if (method, of) == ("GET", path)]


@contextmanager
def serve(site: Site) -> Iterator[Site]:
    """Serve the site at `site.url` for the time of the context."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            if faults := site.faults.get(self.path):
                faults.pop(0)(self)
            else:
                self.answer()

        def parse_request(self) -> bool:
            parsed = super().parse_request()
            if parsed:
                site.log.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            return parsed

        def answer(self, with_body: bool = True, cut: int | None = None, pause: float = 0.0) -> None:
            """The file, or what of it is asked for; `cut` breaks off after so many bytes."""
            if self.path not in site.files:
                return self.plain(404)
            content, start = site.files[self.path], 0
            wanted = self.headers.get("Range", "")
            if site.ranges and wanted and self.headers.get("If-Range", site.etag) == site.etag:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    return self.plain(416, {"Content-Range": f"bytes */{len(content)}"})
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if site.length:
                self.send_header("Content-Length", str(len(content) - start))
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            if site.etag:
                self.send_header("ETag", site.etag)
            self.end_headers()
            if with_body:
                end = len(content) if cut is None else min(len(content), start + cut)
                for at in range(start, end, 1000):
                    self.wfile.write(content[at : min(at + 1000, end)])
                    if pause:
                        self.wfile.flush()
                        time.sleep(pause)
            if cut is not None:
                self.close_connection = True

        def plain(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def cut(after: int) -> Fault:
    """The connection breaks after so many bytes."""
    return lambda handler: handler.answer(cut=after)


def slow(pause: float) -> Fault:
    """A pause after each thousand bytes."""
    return lambda handler: handler.answer(pause=pause)


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """Another answer than the file; `_` stands for `-` in names of headers."""
    return lambda handler: handler.plain(code, {k.replace("_", "-"): v for k, v in headers.items()}, body)


def in_seconds(seconds: float) -> str:
    """A date, as `Retry-After` may give one."""
    return formatdate(time.time() + seconds, usegmt=True)
