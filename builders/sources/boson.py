"""BosonNLP NER: paragraphs of the Chinese web, six types. Zero-shot.

Homepage: http://bosonnlp.com (offline)
Format: a paragraph a line, mentions marked inline as `{{person_name:…}}`.
"""

from ..readers.inline import read_inline
from ..source import File, Source

source = Source(
    name="Boson",
    task="NER",
    language="zh",
    domain="web",
    licence="BosonNLP data licence of 2014: free for research, not to be passed on",
    redistribute="agreement",
    owner="BosonNLP",
    citation="BosonNLP, 2014",
    homepage="https://github.com/InsaneLife/ChineseNLPCorpus/tree/master/NER/boson",
    access="BosonNLP is gone; take the copy at its homepage, as its licence (license.txt beside it) allows.",
    sizes={"zero_shot": 2_000},
    files={
        "zero_shot": [File(("BosonNLP_NER_6C.txt", "origindata.txt", "[Bb]oson*.txt"))],
    },
    read=read_inline,
    labels={
        "time": "时间",
        "location": "地点",
        "person_name": "人名",
        "org_name": "组织名",
        "company_name": "公司名",
        "product_name": "产品名",
    },
    folders=("BosonNLP", "BosonNLP_NER_6C"),
)
