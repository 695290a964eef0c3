"""CCF law: events in Chinese legal texts.

No native file of it could be found, nor any list of its labels: it is known from the published corpus, which keeps it
as IE-zh/EE/ccf_law/{test,schema}.json. So it is read from there, and its types and roles are those of that schema.
"""

from ..readers.unified import find_test, read_unified
from ..source import File, Source

source = Source(
    name="CCF_law",
    task="EE",
    language="zh",
    domain="law",
    licence="unstated",
    redistribute="unstated",
    citation="https://aistudio.baidu.com/projectdetail/4201483",
    homepage="https://aistudio.baidu.com/projectdetail/4201483",
    access="No native file could be found; it is read in the published unified layout, test.json with schema.json, "
    "from the folder IE-zh/EE/ccf_law of the released corpus (https://huggingface.co/datasets/zjunlp/iepile).",
    # The folder, so that what is built from it depends on its schema too.
    files={"zero_shot": [File(("ccf_law", "."), documents=find_test)]},
    read=read_unified,
    labels={},
    folders=("ccf_law",),
)
