"""A build that is killed, run again, run twice, or run beside another."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from iepile.builders.corpus import build
from iepile.builders.errors import IEPileError
from iepile.builders.source import get_source
from iepile.builders.work import locked

from conftest import ROOT
from test_corpus import bytes_of

SOURCES = ("CASIE", "CoNLL2003", "FewRel_0", "MSRA", "SciERC")
ARGUMENTS = ("build", "--sample", *(word for name in SOURCES for word in ("--only", name)), "--out")

# Runs a command of `iepile` and kills itself just before the n-th time that it touches a file of the build.
KILLED = """
import os, signal, sys
place, left = sys.argv.pop(1), int(sys.argv.pop(1))
touched = 0

def count(event, args):
    global touched
    if event in ("open", "os.mkdir", "os.link", "os.rename", "os.remove", "os.rmdir") and place in str(args[0]):
        touched += 1
        if touched == left:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
import iepile
try:
    iepile.main()
finally:
    print(touched)
"""


def run(arguments: Sequence[str], **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def shards_of(out: Path) -> dict[str, int]:
    """The shards that are done: name → when."""
    work = out.with_name(f"{out.name}.build")
    return {path.parent.name: path.stat().st_mtime_ns for path in work.glob("shards/*/shard.json")}


def build_killed(out: Path, times: int, seed: int) -> None:
    """Kill a build so often, by turns at a random touch of a file and at a random time."""
    rng = random.Random(seed)
    whole = out.with_name("whole")
    started = time.monotonic()
    told = run(["-c", KILLED, str(out.parent), "0", *ARGUMENTS, str(whole)]).communicate()[0]
    seconds, touches = time.monotonic() - started, int(told.splitlines()[-1])
    for number in range(times):
        done = shards_of(out)
        if number % 2 == 0:
            at = rng.randrange(1, touches)
            killed = run(["-c", KILLED, str(out.parent), str(at), *ARGUMENTS, str(out)])
            killed.communicate(timeout=300)
        else:
            killed = run(["-m", "iepile", *ARGUMENTS, str(out), "--workers", "2"])
            time.sleep(rng.uniform(0, seconds))
            killed.kill()
        assert killed.wait() in (0, -signal.SIGKILL), "a build stops at nothing that an earlier one left"
        wanted, now = shards_of(whole), shards_of(out)
        assert all(now[name] == when for name, when in done.items() if name in wanted), "what is done is not redone"
        if killed.returncode == 0:  # nothing is left to be killed at, so build something else, to be replaced
            build(None, out, only=SOURCES[:2])


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("times", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_a_build_killed_at_any_moment_ends_in_the_same_bytes(tmp_path: Path, times: int) -> None:
    expected = bytes_of(build(None, tmp_path / "expected", only=SOURCES).out)
    build_killed(tmp_path / "killed" / "iepile", times, seed=times)
    out = build(None, tmp_path / "killed" / "iepile", only=SOURCES).out
    assert bytes_of(out) == expected
    left = [path for path in out.with_name("iepile.build").rglob("*") if path.suffix in (".part", ".old")]
    assert not left, "nothing half made lies about"


def test_a_second_build_takes_under_two_seconds(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    arguments = ["-m", "iepile", "build", "--sample", "--out", str(tmp_path / "iepile")]
    first = run(arguments).communicate()[0]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run(arguments).communicate()[0] == first
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Of the processor, since the machine may be busy.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_a_build_notices_whatever_changed(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "iepile"
    shutil.copytree(get_source("CoNLL2003").sample, raw / "CoNLL2003")
    time.sleep(0.1)  # a file that changed a moment ago is not trusted
    made = build(raw, out)
    assert build(raw, out) == made
    last = (made.work / "last.json").stat().st_mtime_ns
    assert build(raw, out) == made and (made.work / "last.json").stat().st_mtime_ns == last

    path = raw / "CoNLL2003" / "eng.testa"
    status = path.stat()
    path.write_bytes(path.read_bytes().replace(b"a", b"e"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size and path.stat().st_mtime_ns == status.st_mtime_ns
    expected = bytes_of(build(raw, tmp_path / "other" / "iepile").out)
    assert bytes_of(build(raw, out).out) == expected

    parquet = next(out.glob("*/*.parquet"))
    parquet.unlink()
    (out / "README.md").write_text("by hand")
    assert bytes_of(build(raw, out).out) == expected
    (made.work / "report.json").write_text("{")
    assert bytes_of(build(raw, out).out) == expected
    assert json.loads((made.work / "report.json").read_text())["summary"]["seed"] == 42


def test_two_builds_at_once_do_not_spoil_each_other(tmp_path: Path) -> None:
    out = tmp_path / "iepile"
    expected = bytes_of(build(None, tmp_path / "expected", only=SOURCES).out)
    both = [run(["-m", "iepile", *ARGUMENTS, str(out)]) for _ in range(2)]
    told = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) in ([0, 0], [0, 1])
    assert bytes_of(out) == expected
    for process, text in zip(both, told, strict=True):
        assert process.returncode == 0 or text.splitlines()[-1].startswith(f"iepile: Another build of {out} is under")
    with locked(tmp_path / "iepile.build", out), pytest.raises(IEPileError, match="wait for it"):
        build(None, out, only=SOURCES)
    build(None, out, only=SOURCES)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_the_workers_of_a_killed_build_end(tmp_path: Path) -> None:
    parent = run(["-m", "iepile", "build", "--sample", "--out", str(tmp_path / "iepile"), "--workers", "2"])
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")

    def wait(what: str, until) -> None:
        end = time.monotonic() + 60
        while not until():
            assert time.monotonic() < end, what
            time.sleep(0.05)

    # Two workers, and the process that keeps track of what they share.
    wait("workers start", lambda: parent.poll() is not None or len(children.read_text().split()) >= 3)
    workers = [Path(f"/proc/{pid}") for pid in children.read_text().split()]
    parent.kill()
    parent.wait()
    wait("workers end", lambda: not any(map(alive, workers)))


def alive(process: Path) -> bool:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
