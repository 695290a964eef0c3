"""MSRA: Chinese news of the third SIGHAN bakeoff, three types.

Paper: https://aclanthology.org/W06-0115
Format: IOB2 columns `character tag`, a tab between them.
"""

from functools import partial

from ..readers.columns import read_columns
from ..source import File, Source

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
        "train": [File(("msra_train_bio.txt", "msra*train*bio*"))],
        "test": [File(("msra_test_bio.txt", "msra*test*bio*"))],
    },
    read=partial(read_columns, separator="\t", joiner=""),
    labels={"PER": "人物", "LOC": "地理位置", "ORG": "组织机构"},
    carve={"validation": 0.1},
    key="MSRA",
)
