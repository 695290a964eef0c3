"""BC5CDR: chemicals and diseases in 1,500 PubMed abstracts (BioCreative V, chemical-disease relations).

Paper: https://doi.org/10.1093/database/baw068
Format: PubTator. The published corpus started from the IOB2 columns of
https://github.com/cambridgeltl/MTL-Bioinformatics-2016 (so do its counts of sentences), which are read where there is
no PubTator, and by the published profile.
"""

from functools import partial

from ..readers.columns import read_columns_or
from ..readers.pubtator import read_pubtator
from ..source import File, Source

_ARCHIVE = "https://biocreative.bioinformatics.udel.edu/media/store/files/2016/CDR_Data.zip"

source = Source(
    name="BC5CDR",
    task="NER",
    language="en",
    domain="biomedicine",
    licence="public domain (work of the United States government)",
    redistribute="yes",
    citation="Li et al., 2016",
    homepage="https://biocreative.bioinformatics.udel.edu/tasks/biocreative-v/track-3-cdr/",
    access=f"Download and unpack {_ARCHIVE}.",
    sizes={"train": 4_560, "validation": 4_581, "test": 4_797},
    files={
        "train": [File(("CDR_TrainingSet.PubTator.txt", "CDR_TrainingSet.PubTator", "train.tsv"), url=_ARCHIVE)],
        "validation": [
            File(("CDR_DevelopmentSet.PubTator.txt", "CDR_DevelopmentSet.PubTator", "devel.tsv"), url=_ARCHIVE)
        ],
        "test": [File(("CDR_TestSet.PubTator.txt", "CDR_TestSet.PubTator", "test.tsv"), url=_ARCHIVE)],
    },
    published_files={"train": [File("train.tsv")], "validation": [File("devel.tsv")], "test": [File("test.tsv")]},
    read=partial(read_columns_or, read_pubtator),
    labels={"Disease": "Disease", "Chemical": "Chemical"},
    folders=("CDR_Data", "CDR.Corpus.v010516"),
    key="bc5cdr",
)
