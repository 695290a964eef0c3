"""Weibo NER, second edition: Chinese messages, four types, each as a name and as a nominal mention. Zero-shot.

Papers: https://aclanthology.org/D15-1064, https://arxiv.org/abs/1611.04234
Format: IOB2 columns `character tag`, a tab between them; behind each character stands its place in its word (`口0`).
"""

import re
from functools import partial

from ..readers.columns import read_columns
from ..source import File, Source

_URL = "https://raw.githubusercontent.com/hltcoe/golden-horse/master/data/"
# A digit is written as `20`: itself, then the place. Emoji became two U+FFFD when the edition was made.
_PLACED = re.compile(r"(\ufffd\ufffd|.)\d+", re.DOTALL)


def _character(column: str) -> str:
    placed = _PLACED.fullmatch(column)
    return placed[1] if placed else ""


source = Source(
    name="WeiboNER",
    task="NER",
    language="zh",
    domain="social media",
    licence="CC BY-SA 3.0 for the annotations; the messages under Weibo's terms",
    redistribute="share-alike",
    citation="Peng and Dredze, 2015; He and Sun, 2016",
    homepage="https://github.com/hltcoe/golden-horse",
    access="Download data/weiboNER_2nd_conll.test from https://github.com/hltcoe/golden-horse.",
    sizes={"zero_shot": 270},
    files={"zero_shot": [File("weiboNER_2nd_conll.test", url=f"{_URL}weiboNER_2nd_conll.test")]},
    read=partial(read_columns, separator="\t", joiner="", spell=_character),
    labels={
        "PER.NAM": "人名",
        "PER.NOM": "人物泛称",
        "GPE.NAM": "行政区名",
        "GPE.NOM": "行政区泛称",
        "ORG.NAM": "机构名",
        "ORG.NOM": "机构泛称",
        "LOC.NAM": "地名",
        "LOC.NOM": "地点泛称",
    },
    folders=("weibo_ner", "weibo"),
)
