"""Loading a corpus: by `datasets` from the built folder, by `iepile.load` from it or from native files."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import get_dataset_config_names, load_dataset
from iepile.builders.corpus import build
from iepile.builders.errors import IEPileError
from iepile.builders.source import get_source, load_sources

import iepile
from conftest import ROOT

COLUMNS = ["id", "batch", "task", "source", "language", "instruction", "output"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the built sample corpus as `iepile/`."""
    folder = tmp_path_factory.mktemp("home")
    build(None, folder / "iepile")
    return folder


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A raw folder with the toy files of every source."""
    for source in load_sources().values():
        shutil.copytree(source.sample, tmp_path / "raw" / source.name)
    return tmp_path / "raw"


def test_built_folder_loads_by_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    names = get_dataset_config_names("iepile")
    assert {"all", "en", "en_ner", "en_re"} <= set(names)
    for name in names:
        data = load_dataset("iepile", name)
        assert data.column_names == dict.fromkeys(data, COLUMNS) and all(data[split].num_rows for split in data)
    streamed = list(load_dataset("iepile", "en_re", split="train", streaming=True))
    assert streamed == list(load_dataset("iepile", "en_re", split="train"))
    assert load_dataset("iepile").keys() == load_dataset("iepile", "all").keys()


def test_load_gives_what_datasets_gives(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    assert list(iepile.load("en_re", split="train")) == list(load_dataset("iepile", "en_re", split="train"))
    assert list(iepile.load("en_re", split="train", streaming=True)) == list(iepile.load("en_re", split="train"))
    assert iepile.load("all").keys() == load_dataset("iepile").keys()


def test_load_filters_by_source_and_domain(home: Path) -> None:
    data = iepile.load("all", data_dir=home / "iepile", split="train", sources=["CoNLL2003"])
    assert set(data["source"]) == {"CoNLL2003"}
    domain = get_source("CoNLL2003").domain
    data = iepile.load("all", data_dir=home / "iepile", split="train", domains=[domain])
    assert set(data["source"]) >= {"CoNLL2003"}
    assert {get_source(name).domain for name in set(data["source"])} == {domain}


def test_native_files_give_what_their_corpus_gives(home: Path, raw: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    for config in ("en_ner", "zh"):
        built = iepile.load(config, data_dir=home / "iepile", cache_dir=cache)
        from_raw = iepile.load(config, data_dir=raw, cache_dir=cache)
        assert {split: list(rows) for split, rows in from_raw.items()} == {s: list(rows) for s, rows in built.items()}


@pytest.mark.parametrize("kind", ["built", "native"])
def test_a_rebuild_is_never_served_stale(raw: Path, tmp_path: Path, kind: str) -> None:
    data_dir = tmp_path / "iepile" if kind == "built" else raw

    def texts() -> list[str]:
        if kind == "built":
            build(raw, tmp_path / "iepile", only=["CoNLL2003"])
        data = iepile.load("en_ner", split="test", data_dir=data_dir, sources=["CoNLL2003"])
        return [json.loads(row)["input"] for row in data["instruction"]]

    first = texts()
    file = raw / "CoNLL2003" / "eng.testb"
    file.write_text(file.read_text().replace("Porto", "Turin"))
    assert texts() == [text.replace("Porto", "Turin") for text in first] != first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"config": "en_rel"}, "no config 'en_rel'"),
        ({"config": "en_re", "split": "dev"}, "no split 'dev'"),
        ({"config": "en_re", "sources": ["CoNLL"]}, "no source 'CoNLL'"),
        ({"config": "en_re", "domains": ["cooking"]}, "no domain 'cooking'"),
        ({"config": "en_re", "data_dir": "nowhere"}, "nowhere is no folder"),
    ],
)
def test_wrong_arguments_are_one_sentence(home: Path, arguments: dict, message: str) -> None:
    with pytest.raises(IEPileError, match=message):
        iepile.load(**{"data_dir": home / "iepile", **arguments})


def test_half_a_corpus_is_refused(home: Path, tmp_path: Path) -> None:
    for number, (name, message) in enumerate({"README.md": "README.md", "en_ner/train-00000-*": "beside"}.items()):
        folder = tmp_path / str(number) / "iepile"
        shutil.copytree(home / "iepile", folder)
        next(folder.glob(name)).unlink()
        with pytest.raises(IEPileError, match=f"lacks .*{message}.* build the corpus again"):
            iepile.load("en_ner", data_dir=folder)


def test_a_script_in_a_corpus_is_refused(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "iepile", tmp_path / "iepile")
    (tmp_path / "iepile" / "iepile.py").write_text("")
    with pytest.raises(IEPileError, match="is a script in a corpus"):
        iepile.load("en_ner", data_dir=tmp_path / "iepile")


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, iepile; print(*{'torch', 'datasets', 'transformers', 'gradio', 'peft'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    assert issubclass(iepile.IEPile.BUILDER_CONFIG_CLASS, iepile.IEPileConfig)
