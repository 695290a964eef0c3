"""The bytes of a build: a function of files, options and code, whatever happens on the way."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iepile.builders import shards
from iepile.builders.corpus import build
from iepile.builders.shards import Options

from conftest import ROOT
from test_corpus import bytes_of

# All tasks and both languages, suites that hold texts out, and sources that share texts.
NAMES = ("ADE_corpus", "CASIE", "CMeIE", "CoNLL2003", "CoNLL2004", "DuIE2.0", "FewRel_0", "MSRA", "PHEE")
OPTIONS = st.builds(
    Options,
    seed=st.integers(0, 2**32),
    profile=st.sampled_from(["default", "published"]),
    negatives=st.sampled_from(["hard", "random", "all"]),
    split_num=st.sampled_from([0, 0, 2, -1]),
    max_empty=st.sampled_from([None, None, 0.0, 1.0]),
    quality=st.booleans(),
    mask=st.booleans(),
    near=st.booleans(),
)
ORDERS = st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=5)


@settings(max_examples=8, deadline=None)
@given(ORDERS, OPTIONS, st.sampled_from([1, 1, 2, 3]))
def test_order_and_workers_change_nothing(names: list[str], options: Options, workers: int) -> None:
    with TemporaryDirectory() as folder:
        expected = build(None, Path(folder) / "one" / "iepile", only=sorted(names), options=options)
        other = build(None, Path(folder) / "two" / "iepile", only=names, options=options, workers=workers)
        assert bytes_of(other.out) == bytes_of(expected.out)
        assert (other.work / "rejected.jsonl").read_bytes() == (expected.work / "rejected.jsonl").read_bytes()
        assert (other.work / "report.json").read_bytes() == (expected.work / "report.json").read_bytes()


@settings(max_examples=3, deadline=None)
@given(ORDERS, st.integers(0, 2**32 - 1), st.sampled_from([1, 2]))
def test_the_hash_seed_changes_nothing(names: list[str], hash_seed: int, workers: int) -> None:
    with TemporaryDirectory() as folder:
        expected = bytes_of(build(None, Path(folder) / "expected" / "iepile", only=names).out)
        out = Path(folder) / "other" / "iepile"
        out.parent.mkdir()
        named = [word for name in names for word in ("--only", name)]
        subprocess.run(
            [sys.executable, "-m", "iepile", "build", "--sample", "--out", out, "--workers", str(workers), *named],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
            check=True,
            capture_output=True,
        )
        assert bytes_of(out) == expected


def test_how_many_records_are_worked_on_at_once_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = bytes_of(build(None, tmp_path / "many" / "iepile", only=NAMES).out)
    monkeypatch.setattr(shards, "STRETCH", 2)
    assert bytes_of(build(None, tmp_path / "few" / "iepile", only=NAMES).out) == expected
