"""CLUENER2020: Chinese news in ten fine types.

Paper: https://arxiv.org/abs/2001.04351
Format: a JSON object a line, `label` maps type → mention → spans with inclusive ends. Its test split has no labels.
"""

from ..readers.span_map import read_span_map
from ..source import File, Source

_URL = "https://storage.googleapis.com/cluebenchmark/tasks/cluener_public.zip"

source = Source(
    name="CLUENER2020",
    task="NER",
    language="zh",
    domain="news",
    licence="unstated",
    redistribute="unstated",
    citation="Xu et al., 2020",
    homepage="https://github.com/CLUEbenchmark/CLUENER2020",
    access="Download cluener_public.zip, to which https://github.com/CLUEbenchmark/CLUENER2020 points.",
    sizes={"train": 10_748, "test": 1_343},
    files={
        "train": [File("train.json", url=_URL)],
        "test": [File("dev.json", url=_URL)],
    },
    read=read_span_map,
    labels={
        "book": "书名",
        "movie": "电影",
        "game": "游戏",
        "address": "地址",
        "scene": "景点",
        "organization": "组织机构",
        "government": "政府",
        "company": "公司",
        "name": "姓名",
        "position": "职位",
    },
    carve={"validation": 0.1},
    folders=("CLUENER", "cluener_public"),
    key="clue",
)
