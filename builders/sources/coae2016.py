"""COAE2016 task 3: web and encyclopedia sentences, ten relations of persons and organisations; never trained on.

Paper: none; the guideline lies beside the data
Format: `sentence<TAB>code`, the two mentions marked; e1 is the subject, wherever it stands. The labelled sentences are
the evaluation's own training set, since its test files have no answers; those that stand there twice are one record.
"""

from collections.abc import Iterator
from pathlib import Path

from ..readers.marked import read_marked_lines
from ..readers.tables import merge_texts
from ..records import Record, Rejected
from ..source import File, Source


def read(path: Path) -> Iterator[Record | Rejected]:
    """Yield each sentence once, with all its triples."""
    return merge_texts(read_marked_lines(path))


source = Source(
    name="COAE2016",
    task="RE",
    language="zh",
    domain="general (web, encyclopedia)",
    licence="unstated",
    redistribute="unstated",
    citation="COAE 2016, the eighth Chinese Opinion Analysis Evaluation",
    homepage="https://github.com/Sewens/COAE2016",
    access="Clone the homepage; the file is data/COAE_Task3/训练集/train_shuffle.",
    sizes={"zero_shot": 971},
    files={
        "zero_shot": [
            File(
                "train_shuffle",
                url="https://raw.githubusercontent.com/Sewens/COAE2016/master/data/COAE_Task3/训练集/train_shuffle",
                size=155525,
                sha256="466d97e57a5bf8d6271285365369a39afb635e43c33dff8963ade2fe57727ff7",
            )
        ]
    },
    read=read,
    labels={
        "cr2": "人物的出生日期",
        "cr4": "人物的出生地",
        "cr16": "人物的毕业院校",
        "cr20": "人物的配偶",
        "cr21": "人物的子女",
        "cr28": "组织机构的高管",
        "cr29": "组织机构的员工数",
        "cr34": "组织机构的创始人",
        "cr35": "组织机构的成立时间",  # in the guideline, in no labelled sentence
        "cr37": "组织机构的总部地点",
    },
)
