"""KBP37: news and Wikipedia sentences, eighteen relations between persons, organisations and places.

Paper: https://arxiv.org/abs/1508.01006
Format: blocks as in SemEval-2010 task 8, tokenised. A record whose mention is empty stays, without its triple, since
the published counts include it; a sentence stands once for each of its pairs. As published, `no_relation` is asked as
"else" and the two `alternate_names` are one.
"""

from functools import partial

from ..readers.marked import read_marked_blocks
from ..source import File, Source

_RAW = "https://raw.githubusercontent.com/zhangdongxu/kbp37/master/"

source = Source(
    name="KBP37",
    task="RE",
    language="en",
    domain="news and Wikipedia",
    licence="unstated",
    redistribute="unstated",
    citation="Zhang and Wang, 2015",
    homepage="https://github.com/zhangdongxu/kbp37",
    access="Download the three files from the homepage.",
    sizes={"train": 15_917, "validation": 1_724, "test": 3_405},
    files={
        "train": [
            File(
                "train.txt",
                url=_RAW + "train.txt",
                size=3862640,
                sha256="75e12365f6e769f3cd9b186fe6632d4d4c03e0890e3baa683c115dce1f8b2d45",
            )
        ],
        "validation": [
            File(
                "dev.txt",
                url=_RAW + "dev.txt",
                size=420098,
                sha256="7768ed8e4cc79485ad90491726a4e4a6fe6da7d25787873fd5b5c87d5bbebe68",
            )
        ],
        "test": [File("test.txt", url=_RAW + "test.txt")],
    },
    read=partial(read_marked_blocks, tokenised=True),
    labels={
        "per:cities_of_residence": "cities of residence",
        "per:stateorprovinces_of_residence": "state or provinces of residence",
        "per:countries_of_residence": "countries of residence",
        "per:title": "title of person",
        "per:spouse": "spouse",
        "per:alternate_names": "alternate names",
        "org:alternate_names": "alternate names",
        "per:country_of_birth": "country of birth",
        "no_relation": "else",
        "org:top_members/employees": "top members employees",
        "org:members": "members",
        "org:city_of_headquarters": "city of headquarters",
        "org:stateorprovince_of_headquarters": "state or province of headquarters",
        "org:country_of_headquarters": "country of headquarters",
        "org:founded_by": "founded by",
        "per:employee_of": "employee of",
        "per:origin": "origin",
        "org:founded": "founded",
        "org:subsidiaries": "subsidiaries",
    },
    complementary=True,
    key="kbp37",
)
