"""MSRA: Chinese news of the third SIGHAN bakeoff, three types.

Paper: https://aclanthology.org/W06-0115
Format: IOB2 columns `character tag`, a tab between them, a sentence a block, as published; else lines of segments
`text/type`, which hold the same characters, a clause a line.
"""

from collections.abc import Iterator
from pathlib import Path

from ..readers.columns import read_columns
from ..readers.inline import read_segments
from ..records import Record, Rejected
from ..source import File, Source


def _read(path: Path) -> Iterator[Record | Rejected]:
    return read_columns(path, separator="\t", joiner="") if "bio" in path.name else read_segments(path)


source = Source(
    name="MSRA",
    task="NER",
    language="zh",
    domain="news",
    licence="unstated; the bakeoff's data are for research",
    redistribute="unstated",
    citation="Levow, 2006",
    homepage="https://aclanthology.org/W06-0115",
    access="Ask SIGHAN for the data of bakeoff 3, or take the copy in columns of one character that many keep "
    "as msra_train_bio.txt and msra_test_bio.txt.",
    sizes={"train": 45_000, "test": 3_442},
    files={
        "train": [File(("msra_train_bio.txt", "msra*train*bio*", "train1.txt"))],
        "test": [File(("msra_test_bio.txt", "msra*test*bio*", "testright1.txt"))],
    },
    read=_read,
    labels={"PER": "人物", "LOC": "地理位置", "ORG": "组织机构", "nr": "人物", "ns": "地理位置", "nt": "组织机构"},
    carve={"validation": 0.1},
    key="MSRA",
)
