"""The repositories of the loopback Hub, as files on disk: commits, branches, blobs."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

LFS_SUFFIXES = (".parquet", ".safetensors", ".bin", ".gguf", ".png", ".zip", ".model")
LFS_SIZE = 10_000_000  # bytes from which any file is stored by LFS
ATTRIBUTES = "".join(f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LFS_SUFFIXES)

File = dict[str, Any]  # {oid, size}, and {lfs: {oid, size, pointerSize}} for a large one


class HubError(Exception):
    """An answer in the Hub's own form: JSON, and headers that the client reads."""

    def __init__(self, status: int, message: str, code: str = "", **headers: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.headers = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {}), **headers}


@dataclass(frozen=True)
class Blobs:
    """Contents by digest: the git sha1 of small files, the sha256 of large ones."""

    folder: Path

    def path(self, file: File) -> Path:
        return self.folder / digest_of(file)

    def has(self, oid: str) -> bool:
        return (self.folder / oid).is_file()

    def add(self, content: bytes) -> File:
        file = {"oid": git_oid(content), "size": len(content)}
        self.path(file).write_bytes(content)
        return file

    def large(self, oid: str) -> File:
        """The file whose content was uploaded by LFS."""
        if not self.has(oid):
            raise HubError(400, f"The LFS object {oid} was never uploaded")
        lfs = {"oid": oid, "size": (self.folder / oid).stat().st_size, "pointerSize": 134}
        return {"oid": git_oid(json.dumps(lfs).encode()), "size": lfs["size"], "lfs": lfs}


@dataclass(frozen=True)
class Repo:
    """One repository: its folder holds `meta.json`, `refs.json` and a JSON file for each commit."""

    root: Path
    kind: str  # models, datasets or spaces
    id: str  # namespace/name

    @property
    def folder(self) -> Path:
        return self.root / self.kind / self.id

    @property
    def path(self) -> str:
        """Where it lies below the endpoint."""
        return self.id if self.kind == "models" else f"{self.kind}/{self.id}"

    @property
    def blobs(self) -> Blobs:
        return Blobs(self.root / "blobs")

    @property
    def meta(self) -> dict[str, Any]:
        return _load(self.folder / "meta.json")

    @property
    def refs(self) -> dict[str, str]:
        return _load(self.folder / "refs.json")

    def create(self, private: bool, sdk: str | None, variables: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True)
        _save(self.folder / "refs.json", {})
        self.save_meta({"private": private, "created": _now(), "sdk": sdk, "variables": variables})
        self.save({".gitattributes": self.blobs.add(ATTRIBUTES.encode())}, "initial commit")

    def save_meta(self, meta: dict[str, Any]) -> None:
        _save(self.folder / "meta.json", meta)

    def delete(self) -> None:
        shutil.rmtree(self.folder)

    def sha(self, revision: str) -> str:
        """The commit that a branch, or a commit's own name, stands for."""
        sha = self.refs.get(revision.removeprefix("refs/heads/"), revision)
        if not re.fullmatch("[0-9a-f]{40}", sha) or not (self.folder / f"{sha}.json").is_file():
            raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return sha

    def commit(self, sha: str) -> dict[str, Any]:
        return _load(self.folder / f"{sha}.json")

    def files(self, revision: str) -> dict[str, File]:
        files: dict[str, File] = self.commit(self.sha(revision))["files"]
        return files

    def save(self, files: dict[str, File], title: str, branch: str = "main") -> str:
        """Add a commit to the branch; its name."""
        commit = {
            "title": title,
            "parent": self.refs.get(branch),
            "date": _now(),
            "files": dict(sorted(files.items())),
        }
        sha = hashlib.sha1(json.dumps(commit).encode()).hexdigest()
        _save(self.folder / f"{sha}.json", commit)
        _save(self.folder / "refs.json", {**self.refs, branch: sha})
        return sha

    def info(self, revision: str = "main") -> dict[str, Any]:
        """What the Hub's API tells of it."""
        sha, files, meta = self.sha(revision), self.files(revision), self.meta
        card = front_matter(self.blobs.path(files["README.md"]).read_text("utf-8")) if "README.md" in files else {}
        info = {
            "_id": hashlib.sha1(self.id.encode()).hexdigest()[:24],
            "id": self.id,
            "author": self.id.split("/")[0],
            "sha": sha,
            "lastModified": self.commit(sha)["date"],
            "createdAt": meta["created"],
            "private": meta["private"],
            "gated": False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": card.get("tags", []),
            "cardData": card,
            "siblings": [{"rfilename": path, "size": file["size"]} for path, file in files.items()],
        }
        if self.kind == "models":
            info |= {"modelId": self.id, **{key: card.get(key) for key in ("pipeline_tag", "library_name")}}
        if self.kind == "spaces":
            hardware = {"current": "cpu-basic", "requested": "cpu-basic"}
            info |= {"sdk": meta["sdk"], "runtime": {"stage": "STOPPED", "hardware": hardware}}
        return info


def front_matter(text: str) -> dict[str, Any]:
    """The YAML of a card.

    Raises:
        HubError: where it is none that the Hub takes.
    """
    found = re.match(r"\s*---\r?\n(.*?)\n---", text, re.DOTALL)
    try:
        data = yaml.safe_load(found[1]) if found else {}
    except yaml.YAMLError as error:
        raise HubError(400, f"Invalid metadata in README.md: {error}") from None
    if not isinstance(data, dict):
        raise HubError(400, "Invalid metadata in README.md: not a mapping")
    if data.get("license") == "other" and not data.get("license_name"):
        raise HubError(400, 'Invalid metadata in README.md: "license_name" is required with "other"')
    return data


def digest_of(file: File) -> str:
    """By which the content is stored, compared and cached."""
    return str((file.get("lfs") or file)["oid"])


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _load(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def _save(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")
