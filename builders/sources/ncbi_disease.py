"""NCBI-Disease: diseases in 793 PubMed abstracts.

Paper: https://doi.org/10.1016/j.jbi.2013.12.006
Format: PubTator, or the IOB2 columns of https://github.com/spyysalo/ncbi-disease. Its four classes are one in the
published corpus. One training abstract stands there twice.
"""

from functools import partial

from ..readers.columns import read_columns_or
from ..readers.pubtator import read_pubtator
from ..source import File, Source

_HOME = "https://www.ncbi.nlm.nih.gov/CBBresearch/Dogan/DISEASE/"


def _file(name: str, columns: str) -> File:
    spellings = (f"NCBI{name}set_corpus.txt", f"conll/{columns}.tsv", f"{columns}.tsv")
    return File(spellings, url=f"{_HOME}NCBI{name}set_corpus.zip")


source = Source(
    name="NCBI-Disease",
    task="NER",
    language="en",
    domain="biomedicine",
    licence="public domain (work of the United States government)",
    redistribute="yes",
    citation="Doğan et al., 2014",
    homepage=_HOME,
    access=f"Download and unpack NCBI{{train,develop,test}}set_corpus.zip from {_HOME}.",
    sizes={"train": 5_432, "validation": 923, "test": 940},
    files={
        "train": [_file("train", "train")],
        "validation": [_file("develop", "devel")],
        "test": [_file("test", "test")],
    },
    published_files={
        split: [File((f"conll/{columns}.tsv", f"{columns}.tsv"))]
        for split, columns in (("train", "train"), ("validation", "devel"), ("test", "test"))
    },
    read=partial(read_columns_or, read_pubtator),
    labels=dict.fromkeys(("SpecificDisease", "DiseaseClass", "Modifier", "CompositeMention", "Disease"), "Disease"),
    folders=("NCBI_Disease", "NCBI_disease_corpus"),
    key="ncbi",
)
