"""NCBI-Disease: diseases in 793 PubMed abstracts.

Paper: https://doi.org/10.1016/j.jbi.2013.12.006
Format: PubTator. Its four classes are one in the published corpus. One training abstract stands there twice.
"""

from ..readers.pubtator import read_pubtator
from ..source import File, Source

_HOME = "https://www.ncbi.nlm.nih.gov/CBBresearch/Dogan/DISEASE/"

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
        "train": [File("NCBItrainset_corpus.txt", url=_HOME + "NCBItrainset_corpus.zip")],
        "validation": [File("NCBIdevelopset_corpus.txt", url=_HOME + "NCBIdevelopset_corpus.zip")],
        "test": [File("NCBItestset_corpus.txt", url=_HOME + "NCBItestset_corpus.zip")],
    },
    read=read_pubtator,
    labels=dict.fromkeys(("SpecificDisease", "DiseaseClass", "Modifier", "CompositeMention"), "Disease"),
    folders=("NCBI_Disease", "NCBI_disease_corpus"),
    key="ncbi",
)
