"""SKE2020: encyclopedia and news sentences with relations; never trained on.

No native file of it could be found: it is known from the published corpus, which keeps it as
IE-zh/RE/SKE2020/{test,schema}.json. So it is read from there, and its relations are those of that schema; published
statistics suggest that they are the ones of SKE (DuIE1.0), but for one.
"""

from ..readers.unified import find_test, read_unified
from ..source import File, Source

source = Source(
    name="SKE2020",
    task="RE",
    language="zh",
    domain="general (encyclopedia, news)",
    licence="unstated",
    redistribute="unstated",
    citation="https://aistudio.baidu.com/datasetdetail/177191",
    homepage="https://aistudio.baidu.com/datasetdetail/177191",
    access="No native file could be found; it is read in the published unified layout, test.json with schema.json, "
    "from the folder IE-zh/RE/SKE2020 of the released corpus (https://huggingface.co/datasets/zjunlp/iepile).",
    # The folder, so that what is built from it depends on its schema too.
    files={"zero_shot": [File(("SKE2020", "."), documents=find_test)]},
    read=read_unified,
    labels={},
)
