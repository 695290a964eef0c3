"""FabNER: abstracts on manufacturing, twelve types.

Paper: https://doi.org/10.1007/s10845-021-01807-x
Format: BIOES columns `token tag`, a blank between them; its first version tags some tokens `O-<type>`, which are none.
"""

from ..readers.columns import read_columns
from ..source import File, Source

source = Source(
    name="FabNER",
    task="NER",
    language="en",
    domain="manufacturing science",
    licence="unstated",
    redistribute="unstated",
    citation="Kumar and Starly, 2022",
    homepage="https://huggingface.co/datasets/DFKI-SLT/fabner",
    access="Download S1-test.txt, S2-train.txt and S3-val.txt of Dataset_NER_Manufacturing from figshare.com.",
    sizes={"train": 9_435, "validation": 2_183, "test": 2_064},
    files={
        "train": [File(("S2-train.txt", "train.txt"))],
        "validation": [File(("S3-val.txt", "val.txt", "valid.txt", "validation.txt"))],
        "test": [File(("S1-test.txt", "test.txt"))],
    },
    read=read_columns,
    labels={
        "MANS": "manufacturing standard",
        "PRO": "machanical property",  # as published
        "MANP": "manufacturing process",
        "MACEQ": "machine or equipment",
        "ENAT": "enabling technology",
        "PARA": "process parameter",
        "CHAR": "process characterization",
        "MATE": "material",
        "APPL": "application",
        "FEAT": "engineering feature",
        "BIOP": "biomedical",
        "CONPRI": "concept or principle",
    },
    folders=("Dataset_NER_Manufacturing", "manufacturing"),
    key="FabNER",
)
