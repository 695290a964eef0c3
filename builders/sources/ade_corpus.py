"""ADE corpus V2: sentences of medical case reports, a drug and its adverse effect.

Paper: https://doi.org/10.1016/j.jbi.2012.04.008
Format: `DRUG-AE.rel`, a triple a row, places in a document of which only the sentence is given. Sentences without an
adverse effect (`ADE-NEG.txt`) and dosages (`DRUG-DOSE.rel`) are not asked, as published.
"""

from functools import partial

from ..readers.tables import read_placed_table
from ..source import File, Source

source = Source(
    name="ADE_corpus",
    task="RE",
    language="en",
    domain="biomedical (case reports)",
    licence="unstated",
    redistribute="unstated",
    citation="Gurulingappa et al., 2012",
    homepage="https://sites.google.com/site/adecorpus/",
    access="Download ADE-Corpus-V2.zip from the homepage and unpack it.",
    sizes={"train": 4_272},
    files={"train": [File("DRUG-AE.rel")]},
    read=partial(
        read_placed_table,
        relation="adverse effect",
        separator="|",
        width=8,
        document=0,
        text=1,
        tail=2,
        tail_start=3,
        head=5,
        head_start=6,
    ),
    labels={"adverse effect": "adverse effect"},
    carve={"validation": 0.1, "test": 0.1},
    folders=("ADE", "ADE-Corpus-V2"),
    key="ADE_corpus",
)
