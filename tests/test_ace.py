"""ACE 2005: the layout of its release, its divisions, and OneIE's JSON."""

from pathlib import Path

import pytest
from iepile.builders.errors import FormatError
from iepile.builders.readers.ace import read_apf_entities, read_apf_events, split_documents
from iepile.builders.readers.ace_lists import EVENTS, NESTED_NER
from iepile.builders.readers.token_events import read_oneie
from iepile.builders.records import Record, Rejected
from iepile.builders.source import get_source

from reading import offsets_hold, real, records, set_aside, write


def span(start: int, end: int) -> str:
    return f'<charseq START="{start}" END="{end}">as the reader must not trust it</charseq>'


def entity(identity: str, entity_type: str, extent: tuple[int, int], head: tuple[int, int]) -> str:
    return (
        f'<entity ID="{identity}" TYPE="{entity_type}"><entity_mention ID="{identity}-1" TYPE="NOM">'
        f"<extent>{span(*extent)}</extent><head>{span(*head)}</head></entity_mention></entity>"
    )


def event(event_type: str, anchor: tuple[int, int], *arguments: tuple[str, str, tuple[int, int]]) -> str:
    major, minor = event_type.split(":")
    filled = "".join(
        f'<event_mention_argument REFID="{ref}" ROLE="{role}"><extent>{span(*extent)}</extent>'
        "</event_mention_argument>"
        for role, ref, extent in arguments
    )
    return (
        f'<event ID="EV1" TYPE="{major}" SUBTYPE="{minor}"><event_mention ID="EV1-1"><extent>{span(0, 0)}</extent>'
        f"<anchor>{span(*anchor)}</anchor>{filled}</event_mention></event>"
    )


class TestACE:
    SGM = "<DOC><DOCID>A</DOCID>\n<TEXT>\nThe old man\nmet Ann &amp; Bo.\n<TURN>\nThey ran\n</TURN></TEXT>\n</DOC>\n"

    def document(self, folder: Path, *annotations: str, name: str = "X", sgm: str = SGM) -> Path:
        (folder / f"{name}.sgm").write_text(sgm, encoding="utf-8", newline="")
        path = folder / f"{name}.apf.xml"
        body = "".join(annotations)
        path.write_text(
            '<?xml version="1.0"?>\n<!DOCTYPE source_file SYSTEM "apf.v5.1.1.dtd">\n'
            f'<source_file URI="{name}.sgm"><document DOCID="{name}">{body}</document></source_file>\n',
            encoding="utf-8",
        )
        return path

    def test_ends_are_inclusive_and_offsets_count_what_is_not_a_tag(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, entity("E1", "PER", (3, 13), (11, 13)), entity("E2", "PER", (19, 30), (19, 21)))
        first, second = records(read_apf_entities(path))
        assert first.text == "The old man met Ann & Bo."
        assert [(e.entity, e.start, e.end) for e in first.entity] == [("The old man", 0, 11), ("Ann & Bo", 16, 24)]
        assert second.text == "They ran"

    def test_line_ends_of_other_systems_count_once(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, entity("E1", "PER", (3, 13), (11, 13)), sgm=self.SGM.replace("\n", "\r\n"))
        assert records(read_apf_entities(path))[0].entity[0].entity == "The old man"

    def test_mention_over_a_line_end_is_joined_by_a_blank(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, entity("E1", "PER", (11, 21), (11, 13)))
        assert records(read_apf_entities(path))[0].entity[0].entity == "man met Ann"

    def test_tag_ends_a_sentence_and_mention_outside_the_text_is_set_aside(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, entity("E1", "PER", (0, 0), (0, 0)), entity("E2", "PER", (34, 37), (34, 37)))
        items = list(read_apf_entities(path))
        assert [[e.entity for e in r.entity] for r in records(items)] == [[], ["They"]]
        assert set_aside(items) == {"entity outside all sentences": 1}

    def test_argument_is_the_head_of_its_entity_mention_or_the_extent_of_a_value(self, tmp_path: Path) -> None:
        meeting = event("Contact:Meet", (15, 17), ("Entity", "E1-1", (3, 13)), ("Time-Within", "T1-1", (7, 9)))
        path = self.document(tmp_path, entity("E1", "PER", (3, 13), (11, 13)), meeting)
        ((found,),) = [r.event for r in records(read_apf_events(path)) if r.event]
        assert (found.event_trigger, found.event_type, found.start) == ("met", "Contact:Meet", 12)
        assert [(a.role, a.argument, a.start) for a in found.arguments] == [
            ("Entity", "man", 8),
            ("Time-Within", "old", 4),
        ]

    def test_roles_of_values_and_slips_of_the_annotation(self, tmp_path: Path) -> None:
        attack = event(
            "Conflict:Attack",
            (15, 17),
            ("Victim", "E1-1", (3, 13)),
            ("Agent", "E2-1", (19, 21)),
            ("Crime", "V", (7, 9)),
        )
        self.document(
            tmp_path, entity("E1", "PER", (3, 13), (11, 13)), entity("E2", "PER", (19, 30), (19, 21)), attack
        )
        ((found,),) = [r.event for r in records(get_source("ACE05").records(tmp_path, "train")) if r.event]
        assert found.event_type == "attack"
        assert [(a.role, a.argument) for a in found.arguments] == [("target", "man"), ("attacker", "Ann")]

    def test_missing_text_and_broken_xml_name_the_file(self, tmp_path: Path) -> None:
        path = self.document(tmp_path, "</document>")
        with pytest.raises(FormatError, match=r"X\.apf\.xml:3: not XML"):
            list(read_apf_events(path))
        (tmp_path / "X.sgm").unlink()
        with pytest.raises(FormatError, match=r"X\.sgm:1: the text of X\.apf\.xml is missing"):
            list(read_apf_events(path))

    def test_final_english_annotation_is_taken_once_and_by_list(self, tmp_path: Path) -> None:
        for part, names in (
            ("English/nw/adj", ["APW_ENG_20030306.0191"]),
            ("English/nw/timex2norm", ["APW_ENG_20030306.0191", "XIN_ENG_20030317.0177", "AFP_ENG_20030304.0250"]),
            ("English/un/timex2norm", ["alt.corel_20041228.0503"]),
            ("Chinese/nw/adj", ["XIN20001111.0000"]),
        ):
            (tmp_path / part).mkdir(parents=True)
            for name in names:
                self.document(tmp_path / part, entity("E1", "PER", (3, 13), (11, 13)), name=name)
        picked = {
            (source, split): [str(p.relative_to(tmp_path)) for p in split_documents(tmp_path, division, split)]
            for source, division in (("NER", NESTED_NER), ("EE", EVENTS))
            for split in ("train", "validation", "test")
        }
        nw = "English/nw/timex2norm/"
        assert picked == {
            ("NER", "train"): [f"{nw}AFP_ENG_20030304.0250.apf.xml", f"{nw}XIN_ENG_20030317.0177.apf.xml"],
            ("NER", "validation"): [],
            ("NER", "test"): [f"{nw}APW_ENG_20030306.0191.apf.xml"],
            ("EE", "train"): [
                f"{nw}XIN_ENG_20030317.0177.apf.xml",
                "English/un/timex2norm/alt.corel_20041228.0503.apf.xml",
            ],
            ("EE", "validation"): [],
            ("EE", "test"): [f"{nw}APW_ENG_20030306.0191.apf.xml"],
        }
        assert set(get_source("ACE05").find(tmp_path)) == {"train", "test"}  # a list without a document is no split

    def test_the_lists_have_the_published_sizes(self) -> None:
        assert (len(NESTED_NER.validation), len(NESTED_NER.test)) == (43, 51)
        assert (len(EVENTS.validation), len(EVENTS.test), len(EVENTS.left_out)) == (28, 40, 2)
        for division in (NESTED_NER, EVENTS):
            assert not division.validation & division.test
            assert not division.left_out & (division.validation | division.test)

    def test_schema(self) -> None:
        schema = get_source("ACE05").schema
        assert len(schema.event_types) == 33 and len(set().union(*schema.event_types.values())) == 22

    @pytest.mark.parametrize("name", ["ACE2005", "ACE05"])
    def test_the_made_up_document_reads(self, name: str) -> None:
        source, folder = real(name, "train")
        read = records(source.records(folder, "train"))
        assert [r.text[:9] for r in read] == ["Rebels at", "A court i"]
        if name == "ACE05":
            oneie = records(read_oneie(next(folder.rglob("made_up.oneie.json"))))
            apf = records(read_apf_events(next(folder.rglob("*.apf.xml"))))
            values = {"Time-Within", "Sentence", "Crime"}
            kept = [
                [(e.event_trigger, [a for a in e.arguments if a.role not in values]) for e in r.event] for r in apf
            ]
            assert kept == [[(e.event_trigger, list(e.arguments)) for e in r.event] for r in oneie]


class TestOneIE:
    def one(self, tmp_path: Path, tokens: str, sentence: str) -> Record | Rejected:
        line = {
            "tokens": tokens.split(),
            "sentence": sentence,
            "entity_mentions": [{"id": "E1", "entity_type": "PER", "start": 0, "end": 2}],
            "event_mentions": [
                {
                    "event_type": "Life:Die",
                    "trigger": {"start": 2, "end": 3},
                    "arguments": [{"entity_id": "E1", "role": "Victim"}],
                }
            ],
        }
        (item,) = read_oneie(write(tmp_path / "train.oneie.json", line))
        return item

    @pytest.mark.parametrize(
        "tokens, sentence, text, mention",
        [
            ("Ann Bo died .", " Ann\nBo died.", "Ann Bo died.", "Ann Bo"),
            ("Ann -LRB- died .", "Ann -LRB- died.", "Ann ( died.", "Ann ("),
            ("`` Ann died .", '"Ann died.', "`` Ann died .", "`` Ann"),
        ],
    )
    def test_text_is_the_sentence_where_the_tokens_fit_else_the_tokens(
        self, tmp_path: Path, tokens: str, sentence: str, text: str, mention: str
    ) -> None:
        record = self.one(tmp_path, tokens, sentence)
        assert isinstance(record, Record)
        assert (record.text, record.entity[0].entity) == (text, mention)
        assert record.event[0].arguments[0].argument == mention and offsets_hold(record)

    def test_tokens_that_are_not_there_reject_the_record(self, tmp_path: Path) -> None:
        item = self.one(tmp_path, "Ann Bo", "Ann Bo")
        assert isinstance(item, Rejected) and not item.mention
