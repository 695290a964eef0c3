"""Downloads against a loopback server with faults: what comes is whole and right, or nothing does."""

import hashlib
import io
import json
import stat
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Lock

import pytest
from click.testing import CliRunner
from iepile.builders.access_commands import fetch as fetch_command
from iepile.builders.archives import ArchiveError, Limits, unpack
from iepile.builders.downloads import TRIES, Download
from iepile.builders.fetch import Outcome, fetch, plan
from iepile.builders.source import get_source, load_sources

from file_server import Site, cut, in_seconds, serve, slow, status

CONTENT = b"".join(b"%d the ferry to Oslo leaves at dawn\n" % n for n in range(500))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve(Site(files={"/train.txt": CONTENT})) as served:
        yield served


@pytest.fixture
def get(site: Site, tmp_path: Path) -> Callable[..., tuple[Outcome, list[float]]]:
    """Download `/train.txt`, or another path; gives the outcome and the pauses that were made."""

    def get(path: str = "/train.txt", **known: object) -> tuple[Outcome, list[float]]:
        pauses: list[float] = []
        download = Download(("Ferries",), site.url + path, tmp_path / "raw" / path.lstrip("/"), **known)
        (outcome,) = fetch([download], wait=pauses.append)
        return outcome, pauses

    return get


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_file_is_had_checked_and_counted(get: Callable, site: Site, tmp_path: Path) -> None:
    got: list[int] = []
    download = Download(("Ferries",), f"{site.url}/train.txt", tmp_path / "raw/a/train.txt", len(CONTENT), SHA256)
    (outcome,) = fetch([download], report=got.append)
    assert (outcome.error, outcome.size) == ("", len(CONTENT)) and sum(got) == len(CONTENT)
    assert (tmp_path / "raw/a/train.txt").read_bytes() == CONTENT
    assert names(tmp_path) == {"raw/a/train.txt"}, "no part is left"


@pytest.mark.parametrize("known", [{}, {"sha256": SHA256}, {"size": len(CONTENT), "sha256": SHA256}])
@pytest.mark.parametrize("etag", ['"1"', ""])
def test_a_cut_connection_is_taken_up(get: Callable, site: Site, tmp_path: Path, known: dict, etag: str) -> None:
    site.etag = etag
    site.faults["/train.txt"] = [cut(3000), cut(4000), cut(5)]
    outcome, pauses = get(**known)
    assert outcome.error == "" and (tmp_path / "raw/train.txt").read_bytes() == CONTENT
    asked = [headers.get("range") for headers in site.asked("/train.txt")]
    if etag or known:
        assert asked == [None, "bytes=3000-", "bytes=7000-", "bytes=7005-"]
        assert len(pauses) == 3 and max(pauses) <= 2, "with every byte more the patience is as at first"
    else:
        assert asked == [None] * 4, "without a version or a sum, pieces may not belong together"


def test_a_killed_run_is_taken_up_by_the_next(get: Callable, site: Site, tmp_path: Path) -> None:
    site.faults["/train.txt"] = [cut(3000), *[status(503)] * TRIES]
    outcome, _ = get()
    assert "could not be had (it answers 503" in outcome.error and not (tmp_path / "raw/train.txt").exists()
    assert (tmp_path / "raw/train.txt.part").read_bytes() == CONTENT[:3000]
    outcome, _ = get()
    assert outcome.error == "" and (tmp_path / "raw/train.txt").read_bytes() == CONTENT
    last = site.asked("/train.txt")[-1]
    assert (last["range"], last["if-range"]) == ("bytes=3000-", '"1"')
    assert names(tmp_path) == {"raw/train.txt"}


def test_a_part_of_another_version_is_not_used(get: Callable, site: Site, tmp_path: Path) -> None:
    site.faults["/train.txt"] = [cut(3000), *[status(503)] * TRIES]
    get()
    site.files["/train.txt"], site.etag = CONTENT.replace(b"Oslo", b"Bodo"), '"2"'
    get()
    assert (tmp_path / "raw/train.txt").read_bytes() == site.files["/train.txt"]


def test_a_part_that_was_whole_is_finished(get: Callable, site: Site, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/train.txt.part").write_bytes(CONTENT)
    note = {"url": f"{site.url}/train.txt", "version": '"1"'}
    (tmp_path / "raw/train.txt.part.json").write_text(json.dumps(note))
    assert get(sha256=SHA256)[0].error == "" and (tmp_path / "raw/train.txt").read_bytes() == CONTENT


def test_a_part_that_was_spoilt_is_had_again(get: Callable, site: Site, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/train.txt.part").write_bytes(b"x" * 3000)
    note = {"url": f"{site.url}/train.txt", "version": '"1"'}
    (tmp_path / "raw/train.txt.part.json").write_text(json.dumps(note))
    assert get(sha256=SHA256)[0].error == "" and (tmp_path / "raw/train.txt").read_bytes() == CONTENT


def test_a_server_without_ranges_gives_the_whole_again(get: Callable, site: Site, tmp_path: Path) -> None:
    site.ranges = False
    site.faults["/train.txt"] = [cut(3000)]
    assert get(sha256=SHA256)[0].error == "" and (tmp_path / "raw/train.txt").read_bytes() == CONTENT


def test_busy_servers_are_given_time(get: Callable, site: Site) -> None:
    site.faults["/train.txt"] = [
        status(500),
        status(429, Retry_After="7"),
        status(503, Retry_After=in_seconds(30)),
        status(502, Retry_After="soon"),
    ]
    outcome, pauses = get()
    assert outcome.error == ""
    assert 1 <= pauses[0] <= 2 and pauses[1] == 7 and 25 < pauses[2] <= 30 and 8 <= pauses[3] <= 16


def test_patience_ends(get: Callable, site: Site) -> None:
    site.faults["/train.txt"] = [status(500)] * 9
    outcome, pauses = get()
    assert "(it answers 500" in outcome.error and len(site.asked("/train.txt")) == TRIES == len(pauses) + 1
    site.faults["/train.txt"] = [status(429, Retry_After="86400")]
    outcome, pauses = get()
    assert "it asks to wait 86400 seconds" in outcome.error and pauses == []


def test_what_another_try_would_not_mend_is_not_tried_again(get: Callable, site: Site) -> None:
    outcome, pauses = get("/gone.txt")
    assert "(it answers 404 Not Found; nobody has tried this address before)" in outcome.error and pauses == []
    assert "nobody has tried" not in get("/gone.txt", tried=True)[0].error
    site.faults["/train.txt"] = [status(200, b"<html>log in</html>", Content_Type="text/html; charset=utf-8")]
    assert "is a web page and no file" in get()[0].error
    site.faults["/round"] = [status(302, Location="/round")] * 99
    outcome, pauses = get("/round")
    assert "redirect" in outcome.error and pauses == []


def test_redirects_are_followed(get: Callable, site: Site, tmp_path: Path) -> None:
    site.faults["/moved/train.txt"] = [status(302, Location="/train.txt")]
    assert get("/moved/train.txt", sha256=SHA256)[0].error == ""


def test_a_slow_server_and_one_that_tells_no_length(get: Callable, site: Site, tmp_path: Path) -> None:
    site.faults["/train.txt"] = [slow(0.02)]
    assert get(sha256=SHA256)[0].error == ""
    (tmp_path / "raw/train.txt").unlink()
    site.length = False
    assert get(sha256=SHA256)[0].error == "" and (tmp_path / "raw/train.txt").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"sha256": "0" * 64}, f"sha256 {SHA256} instead of 000"),
        ({"size": 12}, f"{len(CONTENT):,} bytes instead of 12"),
    ],
)
def test_another_file_than_the_known_one_is_refused(
    get: Callable, site: Site, tmp_path: Path, known: dict, message: str
) -> None:
    outcome, _ = get(**known)
    assert "is not the file that is known" in outcome.error and message in outcome.error
    assert not (tmp_path / "raw/train.txt").exists()
    if "size" in known:  # and where no length is told, at the end
        site.length = False
        assert message in get(**known)[0].error
    assert names(tmp_path) == set()


def test_nobody_there(tmp_path: Path) -> None:
    with serve(Site()) as gone:
        url = f"{gone.url}/train.txt"
    (outcome,) = fetch([Download(("Ferries",), url, tmp_path / "train.txt")], wait=lambda _: None)
    assert "Connection refused" in outcome.error and "object at" not in outcome.error
    (outcome,) = fetch([Download(("Ferries",), "file:///etc/hosts", tmp_path / "hosts")])
    assert "is no web address" in outcome.error and names(tmp_path) == set()


def test_a_few_at_once_in_the_order_given(site: Site, tmp_path: Path) -> None:
    site.files = {f"/{n}.txt": CONTENT for n in range(8)}
    waiting, lock = [0], Lock()

    def counted(handler: object) -> None:
        for step in (1, -1):
            with lock:
                waiting.append(waiting[-1] + step)
            time.sleep(0.05)
        handler.answer()

    site.faults = {path: [counted] for path in site.files}
    downloads = [Download((str(n),), f"{site.url}/{n}.txt", tmp_path / f"{n}.txt") for n in range(8)]
    assert [outcome.download for outcome in fetch(downloads, workers=3)] == downloads
    assert max(waiting) == 3


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.zip", zipped(**{"a/train.txt": CONTENT, "a/b/": b"", "test.txt": b"x"})),
        ("data.tar.gz", tarred((member("./a/train.txt"), CONTENT), (member("test.txt"), b"x"))),
    ],
)
def test_archives_are_unpacked_beside(get: Callable, site: Site, tmp_path: Path, name: str, content: bytes) -> None:
    site.files[f"/{name}"] = content
    outcome, _ = get(f"/{name}", sha256=hashlib.sha256(content).hexdigest())
    assert (outcome.error, outcome.size) == ("", len(content))
    assert names(tmp_path / "raw") == {"data/a/train.txt", "data/test.txt"}
    assert (tmp_path / "raw/data/a/train.txt").read_bytes() == CONTENT
    outcome, _ = get(f"/{name}")
    assert "data is there already" in outcome.error and names(tmp_path / "raw") == {
        "data/a/train.txt",
        "data/test.txt",
    }


def as_link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def many(number: int) -> bytes:
    return zipped(**{f"{n}": b"" for n in range(number)})


HOSTILE = {
    "above.zip": (zipped(**{"../train.txt": b"x"}), "would lie outside its folder"),
    "within.zip": (zipped(**{"a/../../train.txt": b"x"}), "would lie outside its folder"),
    "root.zip": (zipped(**{"/etc/train.txt": b"x"}), "would lie outside its folder"),
    "drive.zip": (zipped(**{"C:train.txt": b"x"}), "would lie outside its folder"),
    "backslash.zip": (zipped(**{"..\\train.txt": b"x"}), "would lie outside its folder"),
    "above.tar.gz": (tarred((member("../train.txt"), b"x")), "would lie outside its folder"),
    "link.tar.gz": (tarred((member("../a", tarfile.SYMTYPE, "/etc"), b"")), "would lie outside its folder"),
    "through.tar.gz": (tarred((member("a"), b"x"), (member("a/train.txt"), b"x")), "in the place of"),
    "twice.tar.gz": (tarred((member("a"), b"x"), (member("a"), b"y")), "two members in the place of 'a'"),
    "bomb.zip": (zipped(bomb=b"\0" * 3_000_000), "unpacks to more than 2,000,000 bytes"),
    "bomb.tar.gz": (tarred((member("bomb"), b"\0" * 3_000_000)), "unpacks to more than 2,000,000 bytes"),
    "many.zip": (many(101), "more than 100 members"),
    "cut.zip": (zipped(train=CONTENT)[:-40], "is damaged"),
    "cut.tar.gz": (tarred((member("train"), CONTENT))[:-600], "is damaged"),
    "spoilt.zip": (zipped(train=CONTENT).replace(b"train", b"trail", 1), "is damaged"),
    "text.tar.gz": (b"no archive at all", "is damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_and_damaged_archives_are_refused_whole(site: Site, tmp_path: Path, name: str) -> None:
    site.files[f"/{name}"], message = HOSTILE[name]
    download = Download(("Ferries",), f"{site.url}/{name}", tmp_path / "raw" / "Ferries" / name)
    (outcome,) = fetch([download], limits=Limits(size=2_000_000, members=100))
    assert message in outcome.error and name in outcome.error
    assert names(tmp_path) == set() and not list((tmp_path / "raw/Ferries").iterdir())


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(
        tarred(
            (member("train.txt"), b"x"),
            (member("passwords", tarfile.SYMTYPE, "/etc/passwd"), b""),
            (member("passwords"), b"y"),  # would be written through the link
            (member("hard", tarfile.LNKTYPE, "/etc/passwd"), b""),
            (member("pipe", tarfile.FIFOTYPE), b""),
        )
    )
    unpacked = unpack(tmp_path / "a.tar.gz", tmp_path / "a")
    assert (unpacked.files, unpacked.left_out) == (2, 3) and names(tmp_path / "a") == {"train.txt", "passwords"}
    assert (tmp_path / "a/passwords").read_bytes() == b"y" and not (tmp_path / "a/passwords").is_symlink()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(as_link("link"), "/etc/passwd")
    (tmp_path / "b.zip").write_bytes(packed.getvalue())
    assert unpack(tmp_path / "b.zip", tmp_path / "b").left_out == 1 and names(tmp_path / "b") == set()


def test_the_ratio_counts_from_the_floor_on(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(zeros=b"\0" * 1_000_000))
    assert unpack(tmp_path / "a.zip", tmp_path / "a").size == 1_000_000
    with pytest.raises(ArchiveError, match="it may be a bomb"):
        unpack(tmp_path / "a.zip", tmp_path / "b", Limits(floor=1000))
    assert not (tmp_path / "b").exists()


MODULE = """
from functools import partial
from iepile.builders.readers.columns import read_columns
from iepile.builders.source import File, Source

def ferries(name, files, redistribute="yes", **more):
    return Source(
        name=name, task="NER", language="en", domain="timetables", licence="CC0", redistribute=redistribute,
        citation="Holm, 2024", homepage="https://example.org/ferries", access="Ask at the quay.", files=files,
        read=partial(read_columns, separator="\\t"), labels={{"LOC": "harbour"}}, **more)

files = {{"train": [File("train.tsv", "{url}/train.tsv")], "test": [File("test.tsv", "{url}/all.zip")]}}
one = ferries("Ferries", files)
parts = tuple(
    ferries(f"Tides_{{n}}", {{"zero_shot": [File("tides.tsv", "{url}/tides.tsv")]}}, folders=("Tides",))
    for n in range(3)
)
log = {{"train": [File("log/train.tsv", "{url}/train.tsv")]}}
closed = ferries("Harbours", log, "agreement", owner="The Harbour Office")
hand = ferries("Quays", {{"train": [File("quays.tsv")]}})
"""
ROWS = b"to\tO\nOslo\tB-LOC\n\n"


@pytest.fixture
def ferries(site: Site, tmp_path: Path) -> Callable[..., tuple[int, dict | str]]:
    """The command on sources of our own."""
    (tmp_path / "own.py").write_text(MODULE.format(url=site.url))
    site.files = {"/train.tsv": ROWS, "/tides.tsv": ROWS, "/all.zip": zipped(**{"set/test.tsv": ROWS})}

    def run(*arguments: str) -> tuple[int, dict | str]:
        own = ["--raw", str(tmp_path / "raw"), "--source", str(tmp_path / "own.py")]
        done = CliRunner().invoke(fetch_command, [*arguments, *own], standalone_mode=True)
        assert done.exception is None or done.exit_code, done.exception
        return done.exit_code, json.loads(done.stdout) if "--json" in arguments and done.stdout else done.output

    return run


def test_the_command_downloads_what_is_public(ferries: Callable, site: Site, tmp_path: Path) -> None:
    names_asked = ("Ferries", "Tides_0", "Tides_1", "Tides_2")
    code, told = ferries(*names_asked, "--dry-run")
    assert code == 0 and f"{site.url}/all.zip (untried)" in told and "3 downloads" in told
    assert "Tides_0 and 2 more" in told and not (tmp_path / "raw").exists()
    code, told = ferries(*names_asked)
    assert code == 0 and "17 B" in told and "3 downloads" in told
    assert names(tmp_path / "raw") == {"Ferries/train.tsv", "Ferries/all/set/test.tsv", "Tides/tides.tsv"}
    assert len(site.asked("/tides.tsv")) == 1, "what parts share is had once"
    code, told = ferries(*names_asked)
    assert code == 0 and "All 4 are in" in told and len(site.asked("/train.tsv")) == 1
    sources = load_sources((tmp_path / "own.py",))
    assert list(sources["Ferries"].find(tmp_path / "raw/Ferries")) == ["train", "test"]
    assert sources["Tides_2"].folder(tmp_path / "raw") == tmp_path / "raw/Tides"


def test_the_command_tells_how_to_come_by_the_rest(ferries: Callable, tmp_path: Path) -> None:
    code, told = ferries("Harbours", "Quays")
    assert code == 0
    assert (
        "Harbours: by agreement with The Harbour Office. Licence: CC0. Address: https://example.org/ferries." in told
    )
    assert f"Put it at {tmp_path}/raw/Harbours/log/train.tsv." in told and "Quays: by hand" in told
    assert not (tmp_path / "raw").exists()
    code, told = ferries("Harbours", "--agreed")
    assert code == 0 and names(tmp_path / "raw") == {"Harbours/log/train.tsv"}
    assert ferries("--agreed")[0] == 2


def test_the_command_for_programs(ferries: Callable, site: Site, tmp_path: Path) -> None:
    site.faults["/all.zip"] = [status(404), status(404)]  # asked for by HEAD and GET, of which only GET fails
    code, told = ferries("Ferries", "Quays", "--json")
    assert code == 1 and [d["status"] for d in told["downloads"]] == ["fetched", "failed"]
    assert "404" in told["downloads"][1]["error"] and told["downloads"][0]["tried"] is False
    assert told["downloads"][0]["size"] == len(ROWS)
    assert [(i["source"], i["put"]) for i in told["instructions"]] == [("Quays", [f"{tmp_path}/raw/Quays/quays.tsv"])]
    site.faults.clear()
    code, told = ferries("Ferries", "--json")
    assert code == 0 and [d["url"] for d in told["downloads"]] == [f"{site.url}/all.zip"], "what is there stays"


def test_the_command_says_where_an_archive_lacks_a_file(ferries: Callable, site: Site) -> None:
    site.files["/all.zip"] = zipped(**{"other.tsv": ROWS})
    code, told = ferries("Ferries")
    assert code == 0 and "Ferries: what was downloaded has no test; it takes train.tsv, test.tsv." in told
    code, told = ferries("Ferries")
    assert code == 1 and "all is there already, but lacks what was expected" in told


@pytest.mark.parametrize("source", load_sources().values(), ids=lambda source: source.name)
def test_addresses_of_every_source(source, tmp_path: Path) -> None:
    assert source.redistribute != "agreement" or source.owner, "with whom to agree"
    for download in plan([source], tmp_path):
        assert download.url.startswith(("https://", "http://"))
        assert download.target.is_relative_to(tmp_path / source.place)
    assert source.folder(tmp_path) is None
    (tmp_path / source.place).mkdir()
    assert source.folder(tmp_path) == tmp_path / source.place


@pytest.mark.parametrize("name", [name for name, source in load_sources().items() if source.obtained == "fetch"])
def test_what_is_fetched_is_found(name: str, site: Site, tmp_path: Path) -> None:
    """With our toy files at the addresses: a file by itself, or in an archive as upstream packs it."""
    source = get_source(name)
    files = {f.url: f.locate(source.sample)[0] for of_split in source.files.values() for f in of_split}
    downloads = plan([source], tmp_path)
    served = []
    for number, download in enumerate(downloads):
        path = f"/{number}"
        # All toy files in one archive, but where there is an archive a split.
        packed = source.sample if len(downloads) == 1 else files[download.url]
        pack = zipped if download.target.suffix == ".zip" else tarred_folder
        site.files[path] = pack(**contents(packed)) if download.archive else files[download.url].read_bytes()
        served.append(replace(download, url=site.url + path, size=None, sha256=""))
    assert [outcome.error for outcome in fetch(served)] == [""] * len(served)
    folder = source.folder(tmp_path)
    assert folder is not None and tuple(source.find(folder)) == source.splits


def contents(path: Path) -> dict[str, bytes]:
    """Name in an archive → content, of a file or of all below a folder."""
    paths = [path] if path.is_file() else [inner for inner in path.rglob("*") if inner.is_file()]
    return {f"up/{inner.relative_to(path.parent)}": inner.read_bytes() for inner in paths}


def tarred_folder(**members: bytes) -> bytes:
    return tarred(*((member(name), content) for name, content in members.items()))
