"""GIDS: web snippets on persons, four distantly supervised relations.

Paper: https://arxiv.org/abs/1804.06987
Format: six tab-separated columns; `_` joins the words of a mention, in its column and in the text. Rows labelled `NA`
are left out, as published.
"""

from functools import partial

from ..readers.tables import read_table
from ..source import File, Source

_RAW = "https://raw.githubusercontent.com/SharmisthaJat/RE-DS-Word-Attention-Models/master/Data/GIDS/"


def _plain(cell: str) -> str:
    return " ".join(cell.strip().removesuffix("###END###").replace("_", " ").split())


source = Source(
    name="GIDS",
    task="RE",
    language="en",
    domain="web (biographies)",
    licence="unstated",
    redistribute="unstated",
    citation="Jat et al., 2018",
    homepage="https://github.com/SharmisthaJat/RE-DS-Word-Attention-Models",
    access="Download the folder Data/GIDS from the homepage.",
    sizes={"train": 8_526, "validation": 1_417, "test": 4_307},
    files={
        "train": [File("train.tsv", url=_RAW + "train.tsv")],
        "validation": [
            File(
                "dev.tsv",
                url=_RAW + "dev.tsv",
                size=888514,
                sha256="9f1255e65680cf25ef2944ce0dee3869a53afaec0451ea1d0b1a3ba593866da5",
            )
        ],
        "test": [File("test.tsv", url=_RAW + "test.tsv")],
    },
    read=partial(read_table, width=6, head=2, tail=3, relation=4, text=5, no_relation="NA", tidy=_plain),
    labels={
        "/people/person/place_of_birth": "place of birth",
        "/people/deceased_person/place_of_death": "place of death",
        "/people/person/education./education/education/degree": "education degree",
        "/people/person/education./education/education/degrees": "education degree",  # so in relation2id.txt
        "/people/person/education./education/education/institution": "education institution",
    },
    folders=("GDS",),
    key="GIDS",
)
