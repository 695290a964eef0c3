"""CoNLL-2004, Roth and Yih: news sentences, five typed relations.

Paper: https://aclanthology.org/W04-2401
Format: SpERT's JSON, whose division is the published one, 922/231/288; else the columns of multi-head selection, which
have the same test sentences but another division of the rest, 910/243; the original `corp.tsv` has none and is not
read. The published names are the native ones; an SPO entry such as `Peop_Live_In_Loc` is subject type, relation
(`Live_In`) and object type.
"""

from collections.abc import Iterator
from pathlib import Path

from ..readers.relation_columns import read_relation_columns
from ..readers.token_spans import read_sentences
from ..records import Record, Rejected
from ..source import File, Source
from ..tasks import Triple

_SPERT = "http://lavis.cs.hs-rm.de/storage/spert/public/datasets/conll04/"

TRIPLES = (
    Triple("Peop", "Live_In", "Loc"),
    Triple("Loc", "Located_In", "Loc"),
    Triple("Org", "OrgBased_In", "Loc"),
    Triple("Peop", "Work_For", "Org"),
    Triple("Peop", "Kill", "Peop"),
)


def read(path: Path) -> Iterator[Record | Rejected]:
    """Yield the sentences of either layout."""
    return read_sentences(path) if path.suffix == ".json" else read_relation_columns(path)


def _file(name: str) -> File:
    return File((f"conll04_{name}.json", f"{name}.json", f"{name}.txt"), url=f"{_SPERT}conll04_{name}.json")


source = Source(
    name="CoNLL2004",
    task="RE",
    language="en",
    domain="news",
    licence="unstated",
    redistribute="unstated",
    citation="Roth and Yih, 2004",
    homepage="https://cogcomp.seas.upenn.edu/page/resource_view/43",
    access="Download conll04_train.json, conll04_dev.json and conll04_test.json, as the scripts of SpERT do "
    "(https://github.com/lavis-nlp/spert).",
    sizes={"train": 922, "validation": 231, "test": 288},
    files={"train": [_file("train")], "validation": [_file("dev")], "test": [_file("test")]},
    read=read,
    labels={triple.predicate: triple.predicate for triple in TRIPLES},
    triples=TRIPLES,
    folders=("CoNLL04", "conll04"),
    key="conll04",
)
