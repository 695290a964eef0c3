"""IPRE: web sentences on pairs of persons, thirty-four relations between them; never trained on.

Paper: https://arxiv.org/abs/1907.12801
Format: `sent_test.txt` (id, head, tail, segmented sentence) and `sent_relation_test.txt` (id, relation ids) beside it.
The tail is the relation of the head: of 生父, the head's father. A sentence stands once for each of its pairs.
Those without a relation are left out; `iepile build --variant ipre_none` keeps them, as a source `IPRE_none`.
"""

from collections.abc import Iterator
from pathlib import Path

from ..errors import FormatError
from ..readers.tables import merge_texts, read_rows
from ..records import Record, Rejected, Relation
from ..source import File, Source

_NONE = "0"
_RAW = "https://raw.githubusercontent.com/SUDA-HLT/IPRE/master/data/test/"


def read(path: Path, *, keep_none: bool = False) -> Iterator[Record | Rejected]:
    """Yield each sentence once, without the blanks of the segmenter, with the relations of all its pairs.

    Args:
        keep_none: also yield the sentences of which no pair has a relation, 96 in 100 of all.

    Raises:
        FormatError: where the file of the relations is not there.
    """
    return merge_texts(_instances(path, keep_none))


def _instances(path: Path, keep_none: bool) -> Iterator[Record | Rejected]:
    beside = path.with_name(path.name.replace("sent_", "sent_relation_", 1))
    if not beside.exists():
        raise FormatError(f"{path}: its relations are not there; put {beside.name} beside it.")
    relations: dict[str, list[str]] = {}
    for row in read_rows(beside, "\t", 2):
        if isinstance(row, Rejected):
            yield row
        else:
            relations[row[1][0]] = [number for number in row[1][1].split() if number != _NONE]
    for row in read_rows(path, "\t", 4):
        if isinstance(row, Rejected):
            yield row
            continue
        origin, (number, head, tail, sentence) = row
        if number not in relations:
            yield Rejected(origin, f"no relation for {number} in {beside.name}", content=sentence)
        elif relations[number] or keep_none:
            head, tail, text = ("".join(cell.split()) for cell in (head, tail, sentence))
            yield Record(text, relation=tuple(Relation(head, r, tail) for r in relations[number]), origin=origin)


source = Source(
    name="IPRE",
    task="RE",
    language="zh",
    domain="general (web, persons)",
    licence="unstated",
    redistribute="unstated",
    citation="Wang et al., 2019",
    homepage="https://github.com/SUDA-HLT/IPRE",
    access="Clone the homepage; the files are data/test/sent_test.txt and data/test/sent_relation_test.txt.",
    files={
        "zero_shot": [
            File("sent_test.txt", url=_RAW + "sent_test.txt"),
            File("sent_relation_test.txt", url=_RAW + "sent_relation_test.txt", beside=True),
        ]
    },
    read=read,
    # By the numbers of relation2id.txt; of a path such as 人物关系/亲属关系/配偶/丈夫/现夫, its last part.
    labels={
        "1": "现夫",
        "2": "前夫",
        "3": "未婚夫",
        "4": "现妻",
        "5": "前妻",
        "6": "未婚妻",
        "7": "爷爷",
        "8": "奶奶",
        "9": "外公",
        "10": "生父",
        "11": "生母",
        "12": "儿子",
        "13": "女儿",
        "14": "孙子",
        "15": "孙女",
        "16": "哥哥",
        "17": "弟弟",
        "18": "姐姐",
        "19": "妹妹",
        "20": "叔伯",
        "21": "舅舅",
        "22": "姑妈",
        "23": "侄子",
        "24": "侄女",
        "25": "儿媳",
        "26": "女婿",
        "27": "嫂子",
        "28": "公公",
        "29": "岳父",
        "30": "朋友",
        "31": "喜欢",
        "32": "恋人",
        "33": "老师",
        "34": "学生",
    },
)
