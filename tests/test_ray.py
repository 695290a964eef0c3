"""The same build on a Ray cluster: two nodes, one of whose workers is killed half-way."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from iepile.builders.corpus import build

from conftest import ROOT
from test_corpus import bytes_of

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'iepile[ray]'")

# A source whose first reader on the cluster dies between two records.
MODULE = """
import os
import signal
import sys
from pathlib import Path

from iepile.builders.readers.columns import read_columns
from iepile.builders.source import File, Source

HERE = Path(__file__).parent


def read(path):
    for number, item in enumerate(read_columns(path)):
        on_ray = "ray" in sys.modules and sys.modules["ray"].get_runtime_context().worker.mode == 1
        if number == 1 and on_ray and not (HERE / "killed").exists():
            (HERE / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield item


source = Source(
    name="HarbourNews", task="NER", language="en", domain="news", licence="CC0", redistribute="yes",
    citation="Brook, 2030", homepage="https://example.org", access="Ask.",
    files={"train": [File("train.txt")]}, read=read, labels={"PER": "person", "SHIP": "ship"},
    home=HERE / "HarbourNews",
)
"""
NAMES = ("CoNLL2003", "CASIE", "DuIE2.0", "FewRel_0", "HarbourNews")
LINES = "Ada B-PER\nBrook I-PER\nleft O\n\nThe O\nTern B-SHIP\nsank O\n\nNobody O\nsaw O\nit O\n"


def test_a_cluster_gives_the_same_bytes(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-n", "true"], capture_output=True).returncode:
        pytest.skip("no network namespace may be made here, and Ray listens on every interface")
    (tmp_path / "HarbourNews").mkdir()
    (tmp_path / "HarbourNews" / "train.txt").write_text(LINES)
    module = tmp_path / "harbour_news.py"
    module.write_text(MODULE)
    there = tmp_path / "there" / "corpora"
    script, ours = ROOT / "tests" / "ray_build.py", tmp_path / "ray"
    told = subprocess.run(
        [unshare, "-n", sys.executable, script, ours, f"local://{there}", module, *NAMES],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    assert (tmp_path / "killed").exists(), "a worker was killed"
    expected = build(None, tmp_path / "local" / "iepile", only=NAMES, modules=(module,))
    assert bytes_of(ours) == bytes_of(expected.out)
    for name in ("rejected.jsonl", "report.json"):
        assert (tmp_path / "ray.build" / name).read_bytes() == (expected.work / name).read_bytes()
    expected = build(None, tmp_path / "two" / "iepile", only=NAMES[:1])
    assert bytes_of(there) == bytes_of(expected.out)
