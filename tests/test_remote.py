"""A corpus at an address of fsspec: its objects are whole, the card is the last of them."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from iepile.builders.corpus import build
from iepile.builders.errors import IEPileError

from test_corpus import bytes_of

NAMES = ("CoNLL2003", "DuIE2.0")
ADDRESS = "memory://bucket/corpora/iepile"
CORPUS = "/bucket/corpora/iepile"


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryFileSystem]:
    """An empty store, and a working folder of our own, where the build is put together."""
    monkeypatch.chdir(tmp_path)
    found = fsspec.filesystem("memory")
    yield found
    found.store.clear()
    found.pseudo_dirs[:] = [""]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is done to objects of the corpus, in order."""
    found: list[tuple[str, str]] = []
    for name in ("pipe_file", "rm_file"):
        method = getattr(MemoryFileSystem, name)

        def called(self, path, *args, name=name, method=method, **options):
            if self._strip_protocol(path).startswith(f"{CORPUS}/"):
                found.append((name, self._strip_protocol(path).removeprefix(f"{CORPUS}/")))
            return method(self, path, *args, **options)

        monkeypatch.setattr(MemoryFileSystem, name, called)
    return found


def downloaded(memory: MemoryFileSystem, folder: Path) -> dict[str, str]:
    memory.get(CORPUS, str(folder), recursive=True)
    return bytes_of(folder)


def test_each_object_is_written_whole_and_the_card_last(memory, calls, tmp_path: Path) -> None:
    expected = build(None, tmp_path / "local", only=NAMES)
    made = build(None, ADDRESS, only=NAMES)
    assert downloaded(memory, tmp_path / "down") == bytes_of(expected.out)
    assert memory.cat_file(f"{CORPUS}.build/report.json") == (expected.work / "report.json").read_bytes()
    names = sorted(str(path.relative_to(expected.out)) for path in expected.out.rglob("*.parquet"))
    assert calls == [("pipe_file", name) for name in [*names, "README.md"]]
    assert made.summary == expected.summary


def test_only_what_changed_is_written_again(memory, calls, tmp_path: Path) -> None:
    build(None, ADDRESS, only=NAMES)
    calls.clear()
    build(None, ADDRESS, only=NAMES)
    assert not calls

    memory.pipe_file(f"{CORPUS}/en_ner/train-00000-of-00001.parquet", b"spoilt")
    calls.clear()
    build(None, ADDRESS, only=NAMES)
    card = "README.md"
    assert calls == [("rm_file", card), ("pipe_file", "en_ner/train-00000-of-00001.parquet"), ("pipe_file", card)]

    build(None, ADDRESS, only=NAMES[:1])
    expected = build(None, tmp_path / "local", only=NAMES[:1])
    assert downloaded(memory, tmp_path / "down") == bytes_of(expected.out)


def test_a_broken_off_upload_has_no_card_and_goes_on(memory, calls, tmp_path: Path, monkeypatch) -> None:
    write = MemoryFileSystem.pipe_file

    def fail(self, path, *args, **options):
        if path.endswith("zh_spo/train-00000-of-00001.parquet"):
            raise OSError("the line is down")
        return write(self, path, *args, **options)

    build(None, ADDRESS, only=NAMES[:1])
    with monkeypatch.context() as broken:
        broken.setattr(MemoryFileSystem, "pipe_file", fail)
        with pytest.raises(OSError, match="the line is down"):
            build(None, ADDRESS, only=NAMES)
    assert not memory.exists(f"{CORPUS}/README.md")
    done = {name for what, name in calls if what == "pipe_file"}
    calls.clear()
    build(None, ADDRESS, only=NAMES)
    assert not {name for what, name in calls if what == "pipe_file"} & (done - {"README.md"}), "nothing twice"
    expected = build(None, tmp_path / "local", only=NAMES)
    assert downloaded(memory, tmp_path / "down") == bytes_of(expected.out)


def test_what_no_build_made_is_left_alone(memory) -> None:
    memory.pipe_file(f"{CORPUS}/thesis.doc", b"mine")
    with pytest.raises(IEPileError, match="thesis.doc was not made by a build; move it away"):
        build(None, ADDRESS, only=NAMES)
    assert memory.find("/bucket") == [f"{CORPUS}/thesis.doc"]


@pytest.mark.parametrize("address", ["memory://", "nowhere://bucket/iepile"])
def test_addresses_that_lead_nowhere(address: str) -> None:
    with pytest.raises(IEPileError, match="--out"):
        build(None, address, only=NAMES)


def test_a_file_address_is_a_folder_of_this_machine(tmp_path: Path) -> None:
    expected = build(None, tmp_path / "local", only=NAMES[:1])
    made = build(None, f"file://{tmp_path}/other", only=NAMES[:1])
    assert made.out == tmp_path / "other" and bytes_of(made.out) == bytes_of(expected.out)
