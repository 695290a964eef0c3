"""A release: folders of exactly what is uploaded, and their way to the Hub.

`stage` writes the folders, `push` stages and uploads them. The Hub is the one that `HF_ENDPOINT` names.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import HfApi, SpaceCard, get_token
from huggingface_hub.utils import disable_progress_bars

from .. import __version__
from ..builders.errors import IEPileError
from .checks import check_adapter, check_corpus
from .hub_errors import one_sentence
from .licences import restricted, sources_of
from .render import render_model_card

PACKAGE = Path(__file__).parent.parent  # where `builders`, `cards`, `spaces` lie
SPACE = PACKAGE / "spaces" / "extraction"
# What the app of the Space imports, beside `iepile` itself.
PACKAGE_FOLDERS = ("builders", "extraction", "training")
MANIFEST = "release.json"

ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors", "iepile.json")
# All that a base's tokenizer may be written as; never what only a trainer reads, least of all pickles.
TOKENIZER_FILES = (
    *("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json"),
    *("vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja"),
)
# Of an earlier push, what would be read beside the new files; anything else on the Hub stays.
STALE: Mapping[str, list[str]] = {"dataset": ["*.parquet", "*.py"], "model": [], "space": []}


@dataclass(frozen=True)
class Repository:
    """One repository of a release."""

    id: str  # namespace/name
    type: Literal["dataset", "model", "space"]
    folder: Path  # what is uploaded, file by file
    files: Mapping[str, int]  # path in the repository → bytes
    variables: Mapping[str, str] = field(default_factory=dict)  # of a Space: environment of its app
    warnings: tuple[str, ...] = ()
    url: str = ""  # once it is pushed

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(self.files.values())

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "id": self.id,
            "type": self.type,
            "url": self.url,
            "size": self.size,
            "files": dict(self.files),
            "variables": dict(self.variables),
            "warnings": list(self.warnings),
        }


def push(
    namespace: str,
    *,
    dataset: Path | None = None,
    adapter: Path | None = None,
    space: bool = False,
    private: bool = False,
    dry_run: bool = False,
    staging: Path | None = None,
) -> list[Repository]:
    """Release a corpus, an adapter and a Space that runs the adapter; or, with `dry_run`, only say what would be.

    Everything is checked and staged before anything is sent; all repositories exist before any is filled. A second
    push of the same folders changes nothing.

    Args:
        namespace: a user or an organisation of the Hub.
        dataset: a built corpus, for `<namespace>/iepile`.
        adapter: what training wrote, for `<namespace>/iepile-<base>-lora`.
        space: also push the Gradio app, to `<namespace>/iepile-extraction`.
        private: make repositories that are not there yet private; one that is there must be private already.
        dry_run: stage and list; nothing is sent, and no login is needed.
        staging: keep the staged folders there; else they go once they are pushed.

    Returns:
        The repositories, with their files; with `url` where they were pushed.

    Raises:
        IEPileError: where a folder must not be released, the Hub refuses, or it cannot be reached.
    """
    with tempfile.TemporaryDirectory(prefix="iepile-release-") if staging is None else nullcontext(staging) as folder:
        staged = stage(namespace, Path(folder), dataset=dataset, adapter=adapter, space=space)
        return staged if dry_run else upload(staged, private=private)


def stage(
    namespace: str, folder: Path, *, dataset: Path | None = None, adapter: Path | None = None, space: bool = False
) -> list[Repository]:
    """Check what is to be released and write it below `folder`, one folder a repository; arguments as in `push`.

    Raises:
        IEPileError: where a folder must not be released, or `folder` holds anything but an earlier release.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", namespace):
        raise IEPileError(f"{namespace!r} is no namespace; name a user or an organisation of the Hub, such as `ada`.")
    if dataset is None and adapter is None and not space:
        raise IEPileError("Nothing to push: name --dataset DIR, --adapter DIR or --space.")
    parquet = check_corpus(dataset) if dataset else ()
    config = check_adapter(adapter) if adapter else {}
    for source in (dataset, adapter):
        if source and folder.resolve() in (source.resolve(), *source.resolve().parents):
            raise IEPileError(f"{source} lies in {folder}, which staging empties; name another folder to stage in.")
    _clear(folder)
    dataset_id = f"{namespace}/iepile"
    base = str(config.get("base_model_name_or_path", ""))
    adapter_id = f"{namespace}/{adapter_name(base)}"
    staged = []
    if dataset:
        staged.append(_stage_dataset(dataset_id, folder, dataset, parquet))
    if adapter:
        staged.append(_stage_adapter(adapter_id, folder, adapter, dataset_id if dataset else None))
    if space:
        model = {"IEPILE_MODEL": base, "IEPILE_ADAPTER": adapter_id} if adapter else {}
        staged.append(_stage_space(f"{namespace}/iepile-extraction", folder, model))
    listing = json.dumps([repository.to_dict() for repository in staged], ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(listing + "\n", encoding="utf-8")
    return staged


def adapter_name(base: str) -> str:
    """The name of an adapter's repository: `Qwen/Qwen3-8B` → `iepile-qwen3-8b-lora`."""
    return f"iepile-{base.rpartition('/')[2].lower()}-lora"


def upload(repositories: list[Repository], *, private: bool = False) -> list[Repository]:
    """Send staged folders to the Hub; returns them with their URLs.

    Raises:
        IEPileError: where the Hub refuses, or cannot be reached.
    """
    with one_sentence("log in"):
        api = HfApi()
        if get_token() is None:
            raise IEPileError(f"Not logged in to {api.endpoint}: run `hf auth login`, or set HF_TOKEN.")
        api.whoami()
    urls = [_create(api, repository, private) for repository in repositories]
    if not sys.stderr.isatty():
        disable_progress_bars()
    for repository in repositories:
        sys.stderr.write(f"uploading {len(repository.files)} files to {repository.type} {repository.id}\n")
        with one_sentence(f"upload {repository.id}"):
            api.upload_folder(
                repo_id=repository.id,
                repo_type=repository.type,
                folder_path=repository.folder,
                commit_message=f"Upload what iepile {__version__} made",
                delete_patterns=STALE[repository.type] or None,
            )
    return [replace(repository, url=url) for repository, url in zip(repositories, urls, strict=True)]


def _create(api: HfApi, repository: Repository, private: bool) -> str:
    """Make sure that the repository is there; its URL."""
    with one_sentence(f"create {repository.id}"):
        url = api.create_repo(
            repository.id,
            repo_type=repository.type,
            private=private or None,  # None leaves it to the organisation
            exist_ok=True,
            space_sdk="gradio" if repository.type == "space" else None,
        )
        if private and not api.repo_info(repository.id, repo_type=repository.type).private:
            raise IEPileError(f"{url} is there and public; make it private on its settings page, or leave --private.")
        for key, value in repository.variables.items():
            api.add_space_variable(repository.id, key, value)
    return str(url)


def _stage_dataset(repo_id: str, folder: Path, corpus: Path, parquet: tuple[Path, ...]) -> Repository:
    """The Parquet files as they are, and the card with the repository's id in its example."""
    home = folder / "iepile"
    for path in parquet:
        _link(path, home / path.relative_to(corpus))
    card = (corpus / "README.md").read_text(encoding="utf-8")
    (home / "README.md").write_text(card.replace('load_dataset("iepile"', f'load_dataset("{repo_id}"'), "utf-8")
    if (corpus / "LICENSE").is_file():
        shutil.copyfile(corpus / "LICENSE", home / "LICENSE")
    # Later release rules refuse here what may not be passed on; until then it is said.
    warnings = tuple(
        f"{name}: {why}; its rows are in the corpus" for name, why in restricted(sources_of(parquet)).items()
    )
    return Repository(repo_id, "dataset", home, _listing(home), warnings=warnings)


def _stage_adapter(repo_id: str, folder: Path, adapter: Path, dataset_id: str | None) -> Repository:
    home = folder / repo_id.partition("/")[2]
    home.mkdir()
    for name in (*ADAPTER_FILES, *TOKENIZER_FILES):
        if (adapter / name).is_file():
            shutil.copyfile(adapter / name, home / name)
    card = render_model_card(adapter, repo_id=repo_id, dataset_id=dataset_id)
    (home / "README.md").write_text(card, encoding="utf-8")
    return Repository(repo_id, "model", home, _listing(home))


def _stage_space(repo_id: str, folder: Path, variables: Mapping[str, str]) -> Repository:
    """The app, and the package beside it, since a Space has nothing but what it holds and PyPI."""
    home = folder / "iepile-extraction"
    shutil.copytree(SPACE, home, ignore=shutil.ignore_patterns("__pycache__"))
    for name in PACKAGE_FOLDERS:
        shutil.copytree(
            PACKAGE / name, home / "iepile" / name, ignore=shutil.ignore_patterns("__pycache__", "samples")
        )
    entry = next(path for path in (PACKAGE / "iepile.py", PACKAGE / "__init__.py") if path.is_file())
    shutil.copy2(entry, home / "iepile" / "__init__.py")
    card = SpaceCard.load(home / "README.md")
    if variables:
        card.data.models = [variables["IEPILE_ADAPTER"], variables["IEPILE_MODEL"]]
        card.text += "\n" + "".join(f"- `{key}`: `{value}`\n" for key, value in variables.items())
    card.save(home / "README.md")
    warnings = () if variables else ("no --adapter is named, so the Space runs its base model alone",)
    return Repository(repo_id, "space", home, _listing(home), variables, warnings)


def _listing(home: Path) -> dict[str, int]:
    files = (path for path in sorted(home.rglob("*")) if path.is_file())
    return {path.relative_to(home).as_posix(): path.stat().st_size for path in files}


def _link(path: Path, target: Path) -> None:
    """A second name for a file, in place of copying gigabytes; a copy where links are refused."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)


def _clear(folder: Path) -> None:
    """Make room: the folder may be absent, empty, or hold an earlier release, which goes."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise IEPileError(f"{folder} is not empty and no earlier release; name an empty folder to stage in.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
