"""GENIA_NER: five types of terms, nested, in PubMed abstracts about human blood cells.

Paper: https://doi.org/10.1093/bioinformatics/btg1023; division: https://aclanthology.org/D19-1034
Format: IOB2 columns `token tag tag tag tag`, the innermost mention in the first of them.
"""

from functools import partial

from ..readers.columns import read_columns
from ..source import File, Source

_URL = (
    "https://raw.githubusercontent.com/thecharm/boundary-aware-nested-ner/master/Our_boundary-aware_model/data/genia/"
)

source = Source(
    name="GENIA_NER",
    task="NER",
    language="en",
    domain="biomedicine",
    licence="GENIA Project License for Annotated Corpora",
    redistribute="agreement",
    owner="GENIA Project, University of Tokyo",
    citation="Kim et al., 2003; Zheng et al., 2019",
    homepage="http://www.geniaproject.org/genia-corpus/term-corpus",
    access="Clone https://github.com/thecharm/boundary-aware-nested-ner; "
    "the files are Our_boundary-aware_model/data/genia/genia.{train,dev,test}.iob2.",
    sizes={"train": 15_023, "validation": 1_669, "test": 1_854},
    files={
        "train": [File("genia.train.iob2", url=_URL + "genia.train.iob2")],
        "validation": [
            File(
                "genia.dev.iob2",
                url=_URL + "genia.dev.iob2",
                size=759995,
                sha256="b8565cf774e8fceb38af62bbab0b84981640accc63fc5680223b97007da35903",
            )
        ],
        "test": [File("genia.test.iob2", url=_URL + "genia.test.iob2", size=889419)],
    },
    read=partial(read_columns, tag=(1, 2, 3, 4), separator="\t"),
    labels={"protein": "protein", "RNA": "RNA", "DNA": "DNA", "cell_line": "cell line", "cell_type": "cell type"},
    folders=("GENIA",),
    key="GENIA_NER",
)
