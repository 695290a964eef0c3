"""The layout that the authors of IEPile publish: read as a build's input, and written by a build."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from iepile.builders.commands import build as build_command
from iepile.builders.corpus import build
from iepile.builders.errors import FormatError, IEPileError, LabelError
from iepile.builders.readers.unified import read_unified_schema
from iepile.builders.shards import Options
from iepile.builders.source import get_source, load_sources

from conftest import SHARED

VESSELS = (
    {"text": "Mira Holm sailed the Ingrid to Oslo .", "entity": [{"entity": "Ingrid", "entity_type": "vessel"}]},
    {"text": "The Svala left Porto at dawn .", "entity": [{"entity": "Svala", "entity_type": "vessel"},
                                                        {"entity": "Porto", "entity_type": "harbour"}]},
)  # fmt: skip


def write_source(folder: Path, schema: tuple, **splits: tuple) -> Path:
    folder.mkdir(parents=True)
    for split, lines in {**splits, "schema": schema}.items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{split}.json").write_text(text, encoding="utf-8")
    return folder


def write_vessels(folder: Path, **splits: tuple) -> Path:
    return write_source(folder, (["vessel", "harbour"], [], {}), **(splits or {"train": VESSELS}))


def rows_of(corpus: Path) -> dict[str, list[dict]]:
    """`<config>/<split>` → rows."""
    found: dict[str, list[dict]] = {}
    for path in sorted(corpus.rglob("*.parquet")):
        key = f"{path.parent.name}/{path.name.partition('-')[0]}"
        found.setdefault(key, []).extend(pq.read_table(path).to_pylist())
    return found


ROUND_TRIP = ("CoNLL2003", "CoNLL2004", "CrossNER_AI", "DuEE-fin", "FewRel_0", "KBP37", "MIT-Movie", "PHEE", "CCF_law")


@pytest.mark.parametrize("profile", ["default", "published"])
def test_a_build_from_what_a_build_wrote_has_the_same_rows(tmp_path: Path, profile: str) -> None:
    options = Options(profile=profile)
    native = build(None, tmp_path / "native", unified_out=tmp_path / "ours", only=ROUND_TRIP, options=options)
    again = build(None, tmp_path / "again", release=tmp_path / "ours", options=options, workers=2)
    assert rows_of(again.out) == rows_of(native.out)
    assert {s.name for s in again.summary.sources} == set(ROUND_TRIP)
    assert [(s.licence, s.domain, s.labels) for s in again.summary.sources] == [
        (s.licence, s.domain, s.labels) for s in native.summary.sources
    ]


def test_ids_stay_where_cleaning_left_gaps(tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "CoNLL2003"
    shutil.copytree(get_source("CoNLL2003").sample, folder)
    train = (folder / "eng.train").read_text()
    first = train.index("\n\n", train.index("\n\n") + 2) + 2
    (folder / "eng.train").write_text(train[:first] + train)  # its first sentence twice
    native = build(tmp_path / "raw", tmp_path / "native", unified_out=tmp_path / "ours")
    assert next(s for s in native.shards if s.split == "train").removed == {"duplicate": 1}
    again = build(None, tmp_path / "again", release=tmp_path / "ours")
    assert rows_of(again.out) == rows_of(native.out)
    assert {row["id"] for row in rows_of(again.out)["en_ner/train"]} == {f"CoNLL2003/train/{n}" for n in (0, 2, 3, 4)}


def test_ids_of_other_sources_and_ids_given_twice_are_not_taken(tmp_path: Path) -> None:
    ids = ("mine/train/7", "mine/train/7", "other/train/40", "mine/train/3", "mine/train/x", 5)
    lines = tuple({"id": n, "text": f"The Svala passed buoy {k} .", "entity": []} for k, n in enumerate(ids))
    write_vessels(tmp_path / "in/IE-en/NER/mine", train=lines)
    rows = rows_of(build(None, tmp_path / "out", release=tmp_path / "in").out)["en_ner/train"]
    assert list(dict.fromkeys(row["id"] for row in rows)) == [f"mine/train/{n}" for n in range(7, 13)]


def test_the_layout_is_the_published_one(tmp_path: Path) -> None:
    build(None, tmp_path / "iepile", unified_out=tmp_path / "ours", only=["MIT-Movie", "CoNLL2004", "DuEE-fin"])
    folders = {str(p.parent.relative_to(tmp_path / "ours")) for p in (tmp_path / "ours").rglob("schema.json")}
    assert folders == {"IE-en/NER/mit-movie", "IE-en/RE/conll04", "IE-zh/EE/DuEE-fin"}, "by their dictionary keys"
    movie = tmp_path / "ours/IE-en/NER/mit-movie"
    assert {path.name for path in movie.iterdir()} == {"train.json", "dev.json", "test.json", "schema.json"}
    types, relations, roles = map(json.loads, (movie / "schema.json").read_text().splitlines())
    assert types == list(get_source("MIT-Movie").schema.entity_types) and (relations, roles) == ([], {})
    record = json.loads((movie / "train.json").read_text().splitlines()[0])
    assert {"text", "entity"} <= set(record) and "relation" not in record
    assert {"entity", "entity_type"} <= set(record["entity"][0])
    schema = read_unified_schema(tmp_path / "ours/IE-en/RE/conll04/schema.json")
    assert schema.triples == get_source("CoNLL2004").triples
    events = read_unified_schema(tmp_path / "ours/IE-zh/EE/DuEE-fin/schema.json")
    assert events.roles == get_source("DuEE-fin").schema.event_types and events.types == tuple(events.roles)


def test_known_sources_are_known_by_name_or_key_and_others_are_their_own(tmp_path: Path) -> None:
    known = {"clue": "CLUENER2020", "semval-RE": "SemEval-RE", "Mit_movie": "MIT-Movie", "CrossNER_AI": "CrossNER_AI"}
    relation = ([], ["founded by"], {})
    found = {"relation": [{"head": "Svala", "relation": "founded by", "tail": "Holm"}], "text": "Holm's Svala"}
    write_vessels(tmp_path / "IE-zh/NER/clue")
    write_source(tmp_path / "IE-en/RE/semval-RE", relation, train=(found,))
    write_vessels(tmp_path / "IE-en/NER/Mit_movie", train=VESSELS, dev=VESSELS)
    write_vessels(tmp_path / "IE-en/NER/CrossNER_AI", train=VESSELS, test=VESSELS)
    write_vessels(tmp_path / "IE-en/NER/logbook")
    write_vessels(tmp_path / "IE-en/NER/two")
    write_source(tmp_path / "IE-en/RE/two", relation, train=(found,))
    write_source(tmp_path / "IE-en/RE/CLUENER2020", relation, train=(found,))  # another task: not the one we know
    sources = {name: s for name, s in load_sources((tmp_path,)).items() if s.home}
    assert {s.home.name: name for name, s in sources.items() if s.native} == known
    own = {name for name, s in sources.items() if not s.native}
    assert own == {"logbook", "two_en_ner", "two_en_re", "CLUENER2020_en_re"}
    assert {sources[name].licence for name in own} == {"unstated"} == {sources[name].redistribute for name in own}
    assert sources["MIT-Movie"].licence == get_source("MIT-Movie").licence
    assert list(sources["CrossNER_AI"].find(sources["CrossNER_AI"].home)) == ["zero_shot"], "a suite is not trained on"
    labels = sources["CLUENER2020"].at(sources["CLUENER2020"].home).schema.entity_types
    assert labels == ("vessel", "harbour"), "what the release's schema lists, in its order"


def test_a_source_of_its_own_is_built_and_told_as_unstated(tmp_path: Path) -> None:
    write_vessels(tmp_path / "in/IE-en/NER/logbook", train=VESSELS, test=VESSELS[1:])
    made = build(None, tmp_path / "iepile", release=tmp_path / "in")
    rows = rows_of(made.out)
    assert set(rows) == {"en_ner/train", "en_ner/test"} and made.incomplete == {} and "CoNLL2003" in made.absent
    assert {row["source"] for row in rows["en_ner/train"]} == {"logbook"}
    assert json.loads(rows["en_ner/test"][0]["output"]) == {"vessel": ["Svala"], "harbour": ["Porto"]}
    train = next(shard for shard in made.shards if shard.split == "train")
    assert train.removed == {"leak": 1}, "the cleaning is that of native files"
    assert "| logbook | NER | en | unstated | 2 |" in (made.out / "README.md").read_text()


def test_one_of_several_tasks_folders_of_a_source_is_read(tmp_path: Path) -> None:
    event = {"event_trigger": "sank", "event_type": "sinking", "arguments": [{"argument": "Svala", "role": "vessel"}]}
    schema = (["sinking"], ["vessel"], {"sinking": ["vessel"]})
    for task in ("EEA", "EE", "EET"):
        write_source(tmp_path / f"in/en/{task}/log", schema, train=({"text": "The Svala sank .", "event": [event]},))
    typed = {
        "head": "Svala",
        "head_type": "sailing_ship",
        "relation": "home_port",
        "tail": "Oslo",
        "tail_type": "town",
    }
    text = "The Svala of Oslo"
    write_source(tmp_path / "in/en/SPO/ships", (["sailing_ship_home_port_town"], ["home_port"], {}),
                 train=({"text": text, "relation": [typed]},))  # fmt: skip
    write_source(tmp_path / "in/en/RE/ships", ([], ["home_port"], {}), train=({"text": text, "relation": []},))
    rows = rows_of(build(None, tmp_path / "iepile", release=tmp_path / "in" / "en").out)
    assert {key: len(of) for key, of in rows.items()} == {
        "en_ee/train": 1, "en_eet/train": 1, "en_eea/train": 1, "en_re/train": 1, "en_spo/train": 1
    }  # fmt: skip
    assert json.loads(rows["en_spo/train"][0]["instruction"])["schema"] == [
        {"subject_type": "sailing_ship", "predicate": "home_port", "object_type": "town"}
    ]


def test_types_that_records_leave_out_and_attributes(tmp_path: Path) -> None:
    schema = (["ship_master_person", "ship_port_town"], ["master", "port"], {"ship": ["master", "port"]})
    relations = [{"head": "Svala", "relation": "master", "tail": "Holm"}]
    write_source(tmp_path / "in/IE-en/KG/ships", schema, train=({"text": "Holm's Svala", "relation": relations},))
    first = build(None, tmp_path / "first", release=tmp_path / "in", unified_out=tmp_path / "ours")
    rows = rows_of(first.out)
    assert json.loads(rows["en_kg/train"][0]["output"]) == {"ship": {"Svala": {"master": "Holm"}}}
    (spo,) = rows["en_spo/train"]
    asked = {"subject_type": "ship", "predicate": "master", "object_type": "person"}
    assert asked in json.loads(spo["instruction"])["schema"]
    assert rows_of(build(None, tmp_path / "again", release=tmp_path / "ours").out) == rows


def test_native_files_complete_a_release(tmp_path: Path) -> None:
    for name in ("CoNLL2003", "KBP37"):
        shutil.copytree(get_source(name).sample, tmp_path / "raw" / name)
    write_vessels(tmp_path / "in/IE-en/NER/CoNLL2003")
    made = build(tmp_path / "raw", tmp_path / "iepile", release=tmp_path / "in")
    assert [(s.name, s.labels) for s in made.summary.sources] == [
        ("CoNLL2003", 2),
        ("KBP37", len(get_source("KBP37").schema.relations)),
    ]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"entity": []}, "no key 'text'"),
        ({"text": 7, "entity": []}, "7 is no string"),
        ({"text": "Svala", "entity": [{"entity": None, "entity_type": "vessel"}]}, "None is no string"),
        ({"text": "Svala", "entity": [{"entity": "Svala", "entity_type": ["vessel"]}]}, "is no string"),
        ({"text": "Svala", "entity": [{"entity": "Svala", "entity_type": "vessel", "start": "0"}]}, "is no offset"),
        ({"text": "Svala", "entity": [{"name": "Svala"}]}, "unexpected keyword"),
        (["Svala"], "not a record"),
    ],
)
def test_malformed_records_are_set_aside(tmp_path: Path, record: object, reason: str) -> None:
    write_vessels(tmp_path / "in/IE-en/NER/log", train=(VESSELS[0], record))
    made = build(None, tmp_path / "iepile", release=tmp_path / "in")
    (rejected,) = map(json.loads, (made.work / "rejected.jsonl").read_text().splitlines())
    assert rejected["origin"].endswith("train.json:2") and reason in rejected["reason"]
    with pytest.raises(FormatError, match=r"train\.json:2: "):
        build(None, tmp_path / "strict", release=tmp_path / "in", options=Options(strict=True))


NER_LINES = ('["vessel"]', "[]", "{}")


@pytest.mark.parametrize(
    ("path", "lines", "message"),
    [
        ("IE-en/NER/log/schema.json", ('["vessel", "vessel"]', "[]", "{}"), r"schema\.json:1: 'vessel' stands twice"),
        ("IE-en/NER/log/schema.json", ('["vessel"]', "", '["a", "a"]', "{}"), r"schema\.json:3: 'a' stands twice"),
        ("IE-en/NER/log/schema.json", ('["vessel", 3]', "[]", "{}"), r"schema\.json:1: not a schema of three lines"),
        ("IE-en/NER/log/schema.json", ('"vessel"', "[]", "{}"), r"schema\.json:1: not a schema of three lines"),
        ("IE-en/NER/log/schema.json", ("[]", "[]", "{}"), r"schema\.json:1: this schema lists nothing for NER"),
        ("IE-en/QA/log/schema.json", NER_LINES, "QA/log is for a task QA"),
        ("IE-en/NER/other/train.json", ('{"text": "a"}',), r"other/schema\.json:1: this file is missing"),
        ("IE-en/NER/Log/schema.json", NER_LINES, None),
        ("IE-en/NER/conll_2003/schema.json", NER_LINES, "conll_2003 both are CoNLL2003"),
    ],
)
def test_what_a_release_may_not_be(tmp_path: Path, path: str, lines: tuple[str, ...], message: str | None) -> None:
    write_vessels(tmp_path / "in/IE-en/NER/log")
    write_vessels(tmp_path / "in/IE-en/NER/CoNLL2003")
    (tmp_path / "in" / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "in" / path).write_text("\n".join(lines))
    if message is None:
        assert "log" in {s.name for s in build(None, tmp_path / "iepile", release=tmp_path / "in").summary.sources}
        return
    with pytest.raises(IEPileError, match=message):
        build(None, tmp_path / "iepile", release=tmp_path / "in")
    assert not (tmp_path / "iepile").exists()


def test_what_is_not_there_or_has_no_name_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(IEPileError, match="nowhere is no folder; .*--release"):
        build(None, tmp_path / "iepile", release=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IEPileError, match="empty has no folder like IE-en/NER/<name>"):
        build(None, tmp_path / "iepile", release=tmp_path / "empty")
    buoy = {"text": "A buoy", "entity": [{"entity": "buoy", "entity_type": "mark"}]}
    write_vessels(tmp_path / "in/IE-en/NER/log", train=(*VESSELS, buoy))
    with pytest.raises(LabelError, match=r"train\.json:3: log knows no label 'mark'; .*schema\.json"):
        build(None, tmp_path / "iepile", release=tmp_path / "in")
    with pytest.raises(IEPileError, match="There is no source 'CoNLL'"):
        build(None, tmp_path / "iepile", release=tmp_path / "in", only=["CoNLL"])
    with pytest.raises(IEPileError, match="The files of CoNLL2003 are not in"):
        build(None, tmp_path / "iepile", release=tmp_path / "in", only=["CoNLL2003"])


def test_nothing_is_written_over_a_release(tmp_path: Path) -> None:
    write_vessels(tmp_path / "in/IE-en/NER/log")
    with pytest.raises(IEPileError, match="in is there already; name a new folder with --unified-out"):
        build(None, tmp_path / "iepile", only=["CoNLL2003"], unified_out=tmp_path / "in")
    assert not (tmp_path / "iepile").exists() and (tmp_path / "in/IE-en/NER/log/train.json").exists()


def test_a_changed_release_is_built_again(tmp_path: Path) -> None:
    folder = write_vessels(tmp_path / "in/IE-en/NER/log", train=VESSELS, dev=VESSELS[:1])
    first = build(None, tmp_path / "iepile", release=tmp_path / "in").shards
    (folder / "schema.json").write_text('["harbour", "vessel"]\n[]\n{}\n')
    second = build(None, tmp_path / "iepile", release=tmp_path / "in").shards
    assert len(first) == len(second) == 2
    dev = rows_of(tmp_path / "iepile")["en_ner/validation"]
    fresh = build(None, tmp_path / "fresh", release=tmp_path / "in")
    assert dev == rows_of(fresh.out)["en_ner/validation"]


def test_the_command(tmp_path: Path) -> None:
    write_vessels(tmp_path / "in/IE-en/NER/log")
    out = ["--out", str(tmp_path / "iepile"), "--unified-out", str(tmp_path / "ours")]
    done = CliRunner().invoke(build_command, ["--release", str(tmp_path / "in"), *out])
    assert done.exit_code == 0 and "published layout, in" in done.output
    written = [json.loads(line) for line in (tmp_path / "ours/IE-en/NER/log/train.json").read_text().splitlines()]
    assert written == [{"id": f"log/train/{n}", **record} for n, record in enumerate(VESSELS)]
    both = CliRunner().invoke(build_command, ["--release", str(tmp_path / "in"), "--sample"])
    assert both.exit_code == 2 and "--release" in both.output


@pytest.mark.parametrize("task", ["NER", "RE", "EE", "EET", "EEA", "SPO", "KG"])
def test_the_published_samples(tmp_path: Path, task: str) -> None:
    sample = SHARED / "reference/unified_format" / task
    if not sample.exists():
        pytest.skip("the published samples are not there")
    folder = tmp_path / "in/IE-zh" / task / "sample"
    folder.mkdir(parents=True)
    shutil.copy(sample / "sample.json", folder / "train.json")
    shutil.copy(sample / "schema.json", folder / "schema.json")
    made = build(None, tmp_path / "iepile", release=tmp_path / "in")
    lines = (sample / "sample.json").read_text().splitlines()
    assert [(shard.read, shard.rejected) for shard in made.shards] == [(len(lines), 0)]
    configs = {c.name for c in made.summary.configs}
    assert f"zh_{task.lower()}" in configs and (task != "EET" or configs == {"zh_eet"})
