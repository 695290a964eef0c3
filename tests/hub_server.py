"""A Hub on loopback: real HTTP, files on disk, for tests and for trying a release out.

    python tests/hub_server.py FOLDER [--port N] [--token hf_local] [--user local]

serves what huggingface_hub and datasets ask for: whoami, create, delete, info, preupload, LFS, commit, tree,
paths-info, refs, resolve with ranges. Uploads are checked by their sha256; writes need the token.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from hub_store import LFS_SIZE, LFS_SUFFIXES, Blobs, File, HubError, Repo, digest_of, front_matter, git_oid

NAME = r"(?P<ns>[^/]+)/(?P<name>[^/]+)"
API = rf"/api/(?P<kind>models|datasets|spaces)/{NAME}"
PAGE = rf"/(?:(?P<kind>datasets|spaces)/)?{NAME}"


@dataclass
class Hub:
    """The state of the server; all but the log lies below `root`."""

    root: Path
    token: str
    user: str  # the one namespace that the token may write to
    url: str = ""
    log: list[str] = field(default_factory=list)  # "METHOD path" of each request
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def repo(self, request: Request, kind: str | None, ns: str, name: str, write: bool = False) -> Repo:
        """The repository that a request names, if it may be seen, or written to."""
        repo = Repo(self.root, kind or "models", f"{ns}/{name}")
        if write:
            self.may_write(request, ns)
        if not repo.folder.is_dir():
            raise HubError(404, "Repository not found", "RepoNotFound")
        if repo.meta["private"] and not self.knows(request):
            raise HubError(401, "Repository not found", "RepoNotFound")
        return repo

    def knows(self, request: Request) -> bool:
        """Whether the request carries the token; a wrong one is an error, as on the Hub."""
        header = request.headers.get("authorization")
        if header not in (None, f"Bearer {self.token}"):
            raise HubError(401, "Invalid credentials in Authorization header")
        return header is not None

    def may_write(self, request: Request, namespace: str) -> None:
        if not self.knows(request):
            raise HubError(401, "Invalid username or password.")
        if namespace != self.user:
            raise HubError(403, f"You don't have the rights to write to the namespace {namespace!r}")

    def environment(self, home: Path) -> dict[str, str]:
        """What a client's process needs; its libraries read these once, at import."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": self.token,
            "HF_HOME": str(home),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        }


Handler = Callable[..., Awaitable[Response]]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def route(methods: str, pattern: str) -> Callable[[Handler], Handler]:
    """Serve raw paths that match: revisions arrive quoted, and a router that unquotes first would split them."""

    def register(handler: Handler) -> Handler:
        ROUTES.extend((method, re.compile(pattern), handler) for method in methods.split())
        return handler

    return register


@route("GET", "/api/whoami-v2")
async def whoami(hub: Hub, request: Request) -> Response:
    if not hub.knows(request):
        raise HubError(401, "Invalid username or password.")
    auth = {"accessToken": {"displayName": "local", "role": "write"}}
    account = {"type": "user", "id": "0" * 24, "name": hub.user, "fullname": hub.user, "orgs": [], "auth": auth}
    return JSONResponse(account)


@route("POST", "/api/validate-yaml")
async def validate_yaml(hub: Hub, request: Request) -> Response:
    front_matter((await request.json())["content"])
    return JSONResponse({"errors": [], "warnings": []})


# Repositories


@route("POST", "/api/repos/create")
async def create(hub: Hub, request: Request) -> Response:
    wanted = await request.json()
    namespace = wanted.get("organization") or hub.user
    hub.may_write(request, namespace)
    repo = Repo(hub.root, f"{wanted.get('type') or 'model'}s", f"{namespace}/{wanted['name']}")
    url = f"{hub.url}/{repo.path}"
    if repo.kind == "spaces" and not wanted.get("sdk"):
        raise HubError(400, "A Space needs an sdk")
    async with hub.lock:
        if repo.folder.is_dir():
            message = "You already created this repo"
            return JSONResponse({"error": message, "url": url}, 409, {"X-Error-Message": message})
        private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        repo.create(private, wanted.get("sdk"), {v["key"]: v for v in wanted.get("variables") or ()})
    return JSONResponse({"url": url, "name": repo.id, "id": repo.id})


@route("DELETE", "/api/repos/delete")
async def delete(hub: Hub, request: Request) -> Response:
    wanted = await request.json()
    kind = f"{wanted.get('type') or 'model'}s"
    hub.repo(request, kind, wanted.get("organization") or hub.user, wanted["name"], write=True).delete()
    return JSONResponse({"success": True})


@route("GET", "/api/(?P<kind>models|datasets|spaces)")
async def listing(hub: Hub, request: Request, kind: str) -> Response:
    author, search = request.query_params.get("author"), request.query_params.get("search", "")
    ids = sorted("/".join(p.parent.parts[-2:]) for p in (hub.root / kind).glob("*/*/meta.json"))
    repos = [Repo(hub.root, kind, i) for i in ids if (not author or i.startswith(f"{author}/")) and search in i]
    return JSONResponse([repo.info() for repo in repos if not repo.meta["private"] or hub.knows(request)])


@route("GET", API + r"(?:/revision/(?P<rev>[^/]+))?")
async def info(hub: Hub, request: Request, kind: str, ns: str, name: str, rev: str | None) -> Response:
    return JSONResponse(hub.repo(request, kind, ns, name).info(rev or "main"))


@route("GET", API + "/refs")
async def refs(hub: Hub, request: Request, kind: str, ns: str, name: str) -> Response:
    branches = hub.repo(request, kind, ns, name).refs.items()
    heads = [{"name": b, "ref": f"refs/heads/{b}", "targetCommit": sha} for b, sha in branches]
    return JSONResponse({"branches": heads, "tags": [], "converts": [], "pullRequests": []})


@route("GET", API + "/commits/(?P<rev>[^/]+)")
async def commits(hub: Hub, request: Request, kind: str, ns: str, name: str, rev: str) -> Response:
    repo = hub.repo(request, kind, ns, name)
    sha: str | None = repo.sha(rev)
    found = []
    while sha:
        commit = repo.commit(sha)
        authors = [{"user": hub.user}]
        found.append({"id": sha, "title": commit["title"], "message": "", "authors": authors, "date": commit["date"]})
        sha = commit["parent"]
    return JSONResponse(found)


@route("GET POST", f"/api/spaces/{NAME}/variables")
async def variables(hub: Hub, request: Request, ns: str, name: str) -> Response:
    repo = hub.repo(request, "spaces", ns, name, write=request.method == "POST")
    meta = repo.meta
    if request.method == "POST":
        wanted = await request.json()
        meta["variables"][wanted["key"]] = wanted
        repo.save_meta(meta)
    return JSONResponse(meta["variables"])


# Reading


@route("GET", API + r"/tree/(?P<rev>[^/]+)(?:/(?P<path>.*))?")
async def tree(hub: Hub, request: Request, kind: str, ns: str, name: str, rev: str, path: str | None) -> Response:
    below = f"{path.rstrip('/')}/" if path else ""
    files = hub.repo(request, kind, ns, name).files(rev)
    inside = {p: file for p, file in files.items() if p.startswith(below)}
    if path and not inside:
        raise HubError(404, f"{path} does not exist on {rev!r}", "EntryNotFound")
    recursive = request.query_params.get("recursive", "").lower() in ("1", "true")
    items = [_directory(p) for p in _directories(inside) if p.startswith(below)]
    items += [_file(p, file) for p, file in inside.items()]
    return JSONResponse([item for item in items if recursive or "/" not in item["path"][len(below) :]])


@route("POST", API + "/paths-info/(?P<rev>[^/]+)")
async def paths_info(hub: Hub, request: Request, kind: str, ns: str, name: str, rev: str) -> Response:
    body = await request.body()
    is_json = request.headers.get("content-type", "").startswith("application/json")
    wanted = json.loads(body)["paths"] if is_json else parse_qs(body.decode()).get("paths", [])
    files = hub.repo(request, kind, ns, name).files(rev)
    folders = _directories(files)
    items = [_file(p, files[p]) for p in wanted if p in files]
    return JSONResponse(items + [_directory(p) for p in wanted if p in folders])


@route("GET HEAD", PAGE + "/resolve/(?P<rev>[^/]+)/(?P<path>.+)")
async def resolve(hub: Hub, request: Request, kind: str | None, ns: str, name: str, rev: str, path: str) -> Response:
    repo = hub.repo(request, kind, ns, name)
    sha = repo.sha(rev)
    file = repo.files(sha).get(path)
    if file is None:
        raise HubError(404, "Entry not found", "EntryNotFound", **{"X-Repo-Commit": sha})
    headers = {"X-Repo-Commit": sha, "ETag": f'"{digest_of(file)}"'}
    if "lfs" in file:
        headers |= {"X-Linked-Etag": headers["ETag"], "X-Linked-Size": str(file["size"])}
    # It answers ranges, and HEAD without a body.
    return FileResponse(repo.blobs.path(file), headers=headers, media_type="application/octet-stream")


# Writing


@route("POST", API + "/preupload/(?P<rev>[^/]+)")
async def preupload(hub: Hub, request: Request, kind: str, ns: str, name: str, rev: str) -> Response:
    present = hub.repo(request, kind, ns, name, write=True).files(rev)
    answer = []
    for file in (await request.json())["files"]:
        path = file["path"]
        mode = "lfs" if path.endswith(LFS_SUFFIXES) or file["size"] >= LFS_SIZE else "regular"
        oid = digest_of(present[path]) if path in present else None
        answer.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return JSONResponse({"files": answer})


@route("POST", PAGE + r"\.git/info/lfs/objects/batch")
async def lfs_batch(hub: Hub, request: Request, kind: str | None, ns: str, name: str) -> Response:
    blobs = hub.repo(request, kind, ns, name, write=True).blobs
    objects = []
    for wanted in (await request.json())["objects"]:
        oid, size = str(wanted["oid"]), int(wanted["size"])
        upload = {"upload": {"href": f"{hub.url}/lfs/{oid}/{size}"}, "verify": {"href": f"{hub.url}/lfs/verify"}}
        objects.append({"oid": oid, "size": size, **({} if blobs.has(oid) else {"actions": upload})})
    return JSONResponse({"transfer": "basic", "objects": objects})


@route("PUT", "/lfs/(?P<oid>[0-9a-f]{64})/(?P<size>[0-9]+)")
async def lfs_upload(hub: Hub, request: Request, oid: str, size: str) -> Response:
    target = Blobs(hub.root / "blobs").folder / oid
    partial = target.with_suffix(f".{time.monotonic_ns()}")
    digest = hashlib.sha256()
    with partial.open("wb") as file:
        async for chunk in request.stream():
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != oid or partial.stat().st_size != int(size):
        partial.unlink()
        raise HubError(400, f"The upload is not the object {oid} of {size} bytes")
    partial.replace(target)
    return Response(headers={"ETag": f'"{oid}"'})


@route("POST", "/lfs/verify")
async def lfs_verify(hub: Hub, request: Request) -> Response:
    wanted = await request.json()
    if Blobs(hub.root / "blobs").large(Path(str(wanted["oid"])).name)["size"] != wanted["size"]:
        raise HubError(404, "Object not found")
    return JSONResponse({})


@route("POST", API + "/commit/(?P<rev>[^/]+)")
async def commit(hub: Hub, request: Request, kind: str, ns: str, name: str, rev: str) -> Response:
    repo = hub.repo(request, kind, ns, name, write=True)
    lines = [json.loads(line) for line in (await request.body()).splitlines() if line.strip()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    async with hub.lock:
        head = repo.sha(rev)
        if header.get("parentCommit") not in (None, head):
            raise HubError(412, "A commit has happened since. Please refresh and try again.")
        files = repo.files(head)
        for line in lines:
            _apply(files, line["key"], line["value"], repo.blobs)
        sha = repo.save(files, header["summary"], rev)
    url = f"{hub.url}/{repo.path}/commit/{sha}"
    return JSONResponse({"success": True, "commitOid": sha, "commitUrl": url, "pullRequestUrl": None})


def _apply(files: dict[str, File], key: str, value: dict[str, Any], blobs: Blobs) -> None:
    """Do one line of a commit to the files."""
    if key == "file":
        files[value["path"]] = blobs.add(base64.b64decode(value["content"]))
    elif key == "lfsFile":
        files[value["path"]] = blobs.large(value["oid"])
    elif key in ("deletedFile", "deletedFolder"):
        path = value["path"].rstrip("/")
        gone = [p for p in files if p == path or p.startswith(f"{path}/")]
        if not gone:
            raise HubError(404, "A file with this name doesn't exist", "EntryNotFound")
        for p in gone:
            del files[p]
    elif key != "header":
        raise HubError(400, f"There is no operation {key!r}")


def _file(path: str, file: File) -> dict[str, Any]:
    return {"type": "file", "path": path, **file}


def _directory(path: str) -> dict[str, Any]:
    return {"type": "directory", "path": path, "size": 0, "oid": git_oid(path.encode())}


def _directories(files: Iterable[str]) -> list[str]:
    return sorted({str(parent) for path in files for parent in PurePosixPath(path).parents if parent.name})


# Running


def hub_app(hub: Hub) -> Starlette:
    """The server of that state."""

    async def serve(request: Request) -> Response:
        path = request.scope["raw_path"].decode("ascii")
        hub.log.append(f"{request.method} {path}")
        try:
            for method, pattern, handler in ROUTES:
                if method == request.method and (found := pattern.fullmatch(path)):
                    return await handler(hub, request, **{k: v and unquote(v) for k, v in found.groupdict().items()})
            raise HubError(404, "Sorry, we can't find the page you are looking for.")
        except HubError as error:
            return JSONResponse({"error": error.message}, error.status, error.headers)

    return Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "HEAD", "POST", "PUT", "DELETE"])])


@contextmanager
def running_hub(root: Path, token: str = "hf_local", user: str = "local", port: int = 0) -> Iterator[Hub]:
    """Serve from a thread, on a free port of 127.0.0.1, until the block is left."""
    hub = Hub(root, token, user)
    (root / "blobs").mkdir(parents=True, exist_ok=True)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        hub.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(hub_app(hub), log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield hub
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="hf_local")
    parser.add_argument("--user", default="local", help="the namespace that the token may write to")
    options = parser.parse_args()
    with running_hub(options.folder, options.token, options.user, options.port) as hub:
        sys.stdout.write(f"HF_ENDPOINT={hub.url} HF_TOKEN={hub.token} HF_HUB_DISABLE_XET=1\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
