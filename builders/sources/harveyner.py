"""HarveyNER: places in English tweets of hurricane Harvey, four types.

Paper: https://aclanthology.org/2022.naacl-main.243
Format: IOB2 columns `token tag`; each tweet opens with a line `-DOCSTART- O`, with no blank line behind it.
"""

from functools import partial

from ..readers.columns import read_columns
from ..source import File, Source

_URL = "https://raw.githubusercontent.com/brickee/HarveyNER/main/data/tweets/"

source = Source(
    name="HarveyNER",
    task="NER",
    language="en",
    domain="disaster tweets",
    licence="unstated",
    redistribute="unstated",
    citation="Chen, Xu, Zhang and Huang, 2022",
    homepage="https://github.com/brickee/HarveyNER",
    access="Download data/tweets from https://github.com/brickee/HarveyNER; easy_hard is the test split again.",
    sizes={"train": 3_967, "validation": 1_301, "test": 1_303},
    files={
        "train": [File(("tweets.train.bio", "*.train.bio"), url=f"{_URL}tweets.train.bio")],
        "validation": [File(("tweets.dev.bio", "*.dev.bio"), url=f"{_URL}tweets.dev.bio")],
        "test": [File(("tweets.test.bio", "*.test.bio"), url=f"{_URL}tweets.test.bio")],
    },
    read=partial(read_columns, separator=" "),
    labels={"POINT": "exact location", "AREA": "area", "ROAD": "road", "RIVER": "river"},
    folders=("harvey",),
    key="HarveyNER",
)
