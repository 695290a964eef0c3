"""The package as users get it: wheel and sdist, in an environment of their own, in another folder."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from conftest import ROOT

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path) -> str:
    # Nothing of the checkout may be on the path.
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def python(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that holds the wheel and its core dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", next(dist.glob("*.whl")), cwd=folder)
    return python


def test_one_importable_name_with_all_its_files(dist: Path) -> None:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    tops = {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert tops == {"iepile"}
    folders = ("builders", "cards", "extraction", "spaces", "training")
    tracked = run("git", "ls-files", "-z", *folders, cwd=ROOT).strip("\0").split("\0")
    assert {f"iepile/{name}" for name in tracked} | {"iepile/__init__.py"} <= set(names)
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        inside = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    assert {"iepile.py", "hatch_build.py", "pyproject.toml", "LICENSE", "tests/conftest.py", *tracked} <= inside


def test_installed_package_builds_and_loads(python: Path, tmp_path: Path) -> None:
    iepile = python.parent / "iepile"
    assert "build" in run(iepile, "--help", cwd=tmp_path)
    run(iepile, "build", "--sample", cwd=tmp_path)
    script = "from datasets import load_dataset; print(load_dataset('iepile', 'en_re', split='train').num_rows)"
    assert int(run(python, "-c", script, cwd=tmp_path)) > 0
    script = "import iepile; print(iepile.__file__, iepile.load('en_re', split='train').num_rows)"
    assert "site-packages" in run(python, "-c", script, cwd=tmp_path)


def test_core_installs_without_torch(python: Path, tmp_path: Path) -> None:
    installed = run(python, "-m", "pip", "list", "--format=freeze", cwd=tmp_path)
    names = {line.partition("==")[0].lower() for line in installed.splitlines()}
    assert "iepile" in names and not names & {"torch", "transformers", "peft", "trl", "gradio"}


def test_sdist_and_editable_install_give_the_same_name(dist: Path, python: Path, tmp_path: Path) -> None:
    for target in (next(dist.glob("*.tar.gz")), ROOT):
        folder = tmp_path / target.name
        venv.create(folder, with_pip=True)
        own = folder / "bin" / "python"
        editable = ["--editable"] if target == ROOT else []
        run(own, "-m", "pip", "install", "--quiet", "--no-deps", *editable, target, cwd=tmp_path)
        script = "import iepile, iepile.builders.records as r; print(iepile.__version__, r.Record('a').text)"
        assert run(own, "-c", script, cwd=tmp_path).split()[1] == "a"
