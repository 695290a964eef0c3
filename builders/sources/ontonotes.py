"""Ontonotes: names of 18 types in news, speech and web texts (OntoNotes 5.0, English).

Paper: https://aclanthology.org/W13-3516
Format: CoNLL-2012, a file a document; the documents of a split are those in its folder. The Bible (pt) has no names
annotated and is left out, as in the published corpus.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..readers.conll2012 import read_conll2012
from ..source import File, Source


def _documents(path: Path) -> Sequence[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*gold_conll"))


def _files(*names: str) -> list[File]:
    """The folder of a split, or all its documents in one file, as tools for coreference have them."""
    folders = (f"{name}/data/english/annotations" for name in names)
    files = (f"{name}.english.v4_gold_conll" for name in names)
    return [File((*folders, *files), documents=_documents)]


source = Source(
    name="Ontonotes",
    task="NER",
    language="en",
    domain="news, speech and web",
    licence="LDC User Agreement",
    redistribute="agreement",
    owner="Linguistic Data Consortium",
    citation="Weischedel et al., 2013; Pradhan et al., 2013",
    homepage="https://catalog.ldc.upenn.edu/LDC2013T19",
    access="Order LDC2013T19 and make the CoNLL-2012 files with https://github.com/ontonotes/conll-formatted-ontonotes-5.0.",
    sizes={"train": 59_924, "validation": 8_528, "test": 8_262},
    files={
        "train": _files("train"),
        "validation": _files("development", "dev"),
        "test": _files("test", "conll-2012-test"),
    },
    read=partial(read_conll2012, unnamed=("pt",)),
    labels={
        "LOC": "location",
        "ORG": "organization",
        "GPE": "geographical social political",
        "NORP": "national religious political",
        "FAC": "facility",
        "DATE": "date",
        "TIME": "time",
        "CARDINAL": "cardinal",
        "ORDINAL": "ordinal",
        "PERCENT": "percent",
        "QUANTITY": "quantity",
        "MONEY": "money",
        "PRODUCT": "product",
        "LANGUAGE": "language",
        "PERSON": "person",
        "EVENT": "event",
        "WORK_OF_ART": "work of art",
        "LAW": "law",
    },
    folders=("OntoNotes", "ontonotes-release-5.0", "conll-formatted-ontonotes-5.0", "conll-2012"),
    key="Ontonotes",
)
