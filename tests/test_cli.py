"""The command line: help for everything, one sentence for what goes wrong, JSON where a program reads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from iepile.builders.commands import COMMANDS as BUILDING
from iepile.cards.commands import COMMANDS as RELEASING
from iepile.extraction.commands import COMMANDS as RUNNING
from iepile.training.commands import COMMANDS as TRAINING

from conftest import ROOT

COMMANDS = {command.name: command for command in (*BUILDING, *TRAINING, *RUNNING, *RELEASING)}


def iepile(*arguments: object, cwd: Path = ROOT, code: int = 0) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "iepile", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    return done


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    command = COMMANDS[name]
    every = command.commands.values() if isinstance(command, click.Group) else [command]
    for one in every:
        assert one.help and len(one.help.splitlines()[0]) < 120
        for parameter in one.params:
            assert isinstance(parameter, click.Argument) or getattr(parameter, "help", ""), f"{name}: {parameter.name}"


def test_help_lists_every_command() -> None:
    shown = iepile("--help").stdout
    assert all(f"\n  {name} " in shown for name in COMMANDS)


def test_sources_as_table_and_json() -> None:
    assert "CoNLL2003" in iepile("sources").stdout
    one = json.loads(iepile("sources", "CoNLL2003", "--json").stdout)
    assert one["splits"] == ["train", "validation", "test"] and one["label names"][0] == "person"
    assert {row["name"] for row in json.loads(iepile("sources", "--json").stdout)} >= {"CoNLL2003", "KBP37", "DuEE1.0"}


def test_build_prints_what_it_made(tmp_path: Path) -> None:
    made = json.loads(iepile("build", "--sample", "--only", "KBP37", "--json", cwd=tmp_path).stdout)
    assert [config["name"] for config in made["summary"]["configs"]] == ["en_re"]
    assert (tmp_path / "iepile" / "README.md").exists()
    again = iepile("build", "--sample", "--only", "KBP37", cwd=tmp_path).stdout
    assert "rows in iepile (en_re)" in again


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("build",), 2, "--raw"),
        (("build", "--raw", "nowhere"), 1, "iepile: nowhere is no folder"),
        (("build", "--sample", "--only", "CoNLL"), 1, "There is no source 'CoNLL'; did you mean"),
        (("build", "--sample", "--source", "mine.py"), 1, "mine.py is no Python file"),
        (("sources", "Nothing"), 1, "There is no source 'Nothing'"),
        (("push-to-hub", "ada", "--dataset", "nowhere", "--dry-run"), 1, "nowhere is no built corpus"),
        (("push_to_hub", "ada"), 1, "Nothing to push"),
    ],
)
def test_what_goes_wrong_is_one_sentence(tmp_path: Path, arguments: tuple, code: int, message: str) -> None:
    done = iepile(*arguments, cwd=tmp_path, code=code)
    assert message in done.stderr and "Traceback" not in done.stderr
    assert code == 2 or len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "iepile").exists()


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    assert "Traceback" in iepile("--debug", "build", "--raw", "nowhere", cwd=tmp_path, code=1).stderr
