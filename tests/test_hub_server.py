"""The loopback Hub itself: what a release's tests rest on."""

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message

import pytest

from hub_server import Hub, running_hub
from hub_store import Repo


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """It holds one dataset, with one small file of ten bytes."""
    with running_hub(tmp_path_factory.mktemp("hub"), token="hf_secret", user="ada") as hub:
        repo = Repo(hub.root, "datasets", "ada/toy")
        repo.create(private=False, sdk=None, variables={})
        repo.save({**repo.files("main"), "data/a.txt": repo.blobs.add(b"0123456789")}, "add a file")
        yield hub


def ask(hub: Hub, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Message, bytes]:
    """Status, headers and body of the answer, whatever the status."""
    request = urllib.request.Request(hub.url + path, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_upload_must_be_what_its_name_says(hub: Hub) -> None:
    content = b"a large file"
    oid = hashlib.sha256(content).hexdigest()
    for wrong in (b"another file", content[:-1]):
        assert ask(hub, "PUT", f"/lfs/{oid}/{len(content)}", wrong)[0] == 400
    assert not (hub.root / "blobs" / oid).exists()
    assert ask(hub, "PUT", f"/lfs/{oid}/{len(content)}", content)[0] == 200
    assert (hub.root / "blobs" / oid).read_bytes() == content


def test_commit_takes_no_file_that_was_not_uploaded(hub: Hub) -> None:
    lines = [
        {"key": "header", "value": {"summary": "add"}},
        {"key": "lfsFile", "value": {"path": "b.parquet", "algo": "sha256", "oid": "0" * 64, "size": 3}},
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    path = "/api/datasets/ada/toy/commit/main"
    assert ask(hub, "POST", path, body, Authorization="Bearer hf_secret")[0] == 400
    assert "b.parquet" not in Repo(hub.root, "datasets", "ada/toy").files("main")


@pytest.mark.parametrize(
    ("asked", "content", "place"),
    [("bytes=2-4", b"234", "bytes 2-4/10"), ("bytes=7-", b"789", "bytes 7-9/10"), ("bytes=-1", b"9", "bytes 9-9/10")],
)
def test_ranges(hub: Hub, asked: str, content: bytes, place: str) -> None:
    status, headers, body = ask(hub, "GET", "/datasets/ada/toy/resolve/main/data/a.txt", Range=asked)
    assert (status, body, headers["Content-Range"]) == (206, content, place)


def test_head_tells_commit_and_size(hub: Hub) -> None:
    sha = Repo(hub.root, "datasets", "ada/toy").sha("main")
    for revision in ("main", "refs%2Fheads%2Fmain", sha):
        status, headers, body = ask(hub, "HEAD", f"/datasets/ada/toy/resolve/{revision}/data/a.txt")
        assert (status, headers["X-Repo-Commit"], headers["Content-Length"], body) == (200, sha, "10", b"")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/datasets/ada/toy/resolve/main/none.txt", "EntryNotFound"),
        ("/api/datasets/ada/toy/tree/main/none", "EntryNotFound"),
        ("/api/datasets/ada/toy/tree/none", "RevisionNotFound"),
        ("/api/datasets/ada/none", "RepoNotFound"),
        ("/api/models/ada/toy", "RepoNotFound"),
    ],
)
def test_what_is_not_there_is_told_apart(hub: Hub, path: str, code: str) -> None:
    status, headers, _ = ask(hub, "GET", path)
    assert (status, headers["X-Error-Code"]) == (404, code)


def test_writing_needs_the_token_and_its_namespace(hub: Hub) -> None:
    def create(namespace: str, **headers: str) -> int:
        body = json.dumps({"name": "new", "organization": namespace, "type": "dataset"}).encode()
        return ask(hub, "POST", "/api/repos/create", body, **headers)[0]

    assert create("ada") == 401
    assert create("ada", Authorization="Bearer hf_other") == 401
    assert create("bo", Authorization="Bearer hf_secret") == 403
    assert create("ada", Authorization="Bearer hf_secret") == 200
    assert create("ada", Authorization="Bearer hf_secret") == 409


def test_private_repository_is_hidden(hub: Hub) -> None:
    Repo(hub.root, "models", "ada/mine").create(private=True, sdk=None, variables={})
    assert ask(hub, "GET", "/api/models/ada/mine")[0] == 401
    assert ask(hub, "GET", "/api/models/ada/mine", Authorization="Bearer hf_secret")[0] == 200
