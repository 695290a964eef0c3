"""The corpus and the loading script under old versions of `datasets`, each in an environment of its own."""

import json
import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest
from iepile.builders.corpus import build
from iepile.builders.source import load_sources

from conftest import ROOT

pytestmark = pytest.mark.slow

COUNT = """
import json, sys
from datasets import get_dataset_config_names, load_dataset
name, *data_dir = sys.argv[1:]
options = dict(data_dir=data_dir[0], trust_remote_code=True) if data_dir else {}
data = load_dataset(name, "en_re", **options)
streamed = [] if data_dir else list(load_dataset(name, "en_re", split="train", streaming=True))
print(json.dumps({
    "names": [] if data_dir else get_dataset_config_names(name),
    "streamed": len(streamed),
    "rows": {split: [row["output"] for row in rows] for split, rows in data.items()},
}))
"""


@pytest.mark.parametrize("version", ["2.16.1", "3.6.0"])
def test_corpus_and_script(version: str, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    env = {**os.environ, "HF_HOME": str(tmp_path / "hf")}

    def run(*command: object) -> str:
        done = subprocess.run([str(c) for c in command], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def count(*arguments: object) -> dict:
        found: dict = json.loads(run(python, "-c", COUNT, *arguments).splitlines()[-1])
        return found

    build(None, tmp_path / "iepile")
    for source in load_sources().values():
        shutil.copytree(source.sample, tmp_path / "raw" / source.name)
    script = tmp_path / "elsewhere" / "iepile.py"
    script.parent.mkdir()
    shutil.copy(ROOT / "iepile.py", script)

    run(python, "-m", "pip", "install", "--quiet", f"datasets=={version}")
    built = count("iepile")
    assert built["names"][0] == "all" and built["streamed"] == len(built["rows"]["train"]) > 0
    assert count(script, "iepile")["rows"] == built["rows"], "the script reads a built corpus without the package"
    run(python, "-m", "pip", "install", "--quiet", ROOT, f"datasets=={version}")
    assert count(script, "raw")["rows"] == built["rows"]
