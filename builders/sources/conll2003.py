"""CoNLL-2003, English: Reuters news, four types.

Paper: https://aclanthology.org/W03-0419
Format: IOB1 columns `word POS chunk tag`; copies have IOB2, or a document's mark at its end.
"""

from ..readers.columns import read_columns
from ..source import File, Source

source = Source(
    name="CoNLL2003",
    task="NER",
    language="en",
    domain="news",
    licence="annotations free for research; text under the Reuters agreement",
    redistribute="agreement",
    owner="Reuters; its text is given out by NIST",
    citation="Tjong Kim Sang and De Meulder, 2003",
    homepage="https://www.clips.uantwerpen.be/conll2003/ner/",
    access="Order RCV1 from NIST (https://trec.nist.gov/data/reuters/reuters.html) and run the task's own scripts.",
    sizes={"train": 14_041, "validation": 3_250, "test": 3_453},
    files={
        "train": [File(("eng.train", "train.txt"))],
        "validation": [File(("eng.testa", "valid.txt", "dev.txt"))],
        "test": [File(("eng.testb", "test.txt"))],
    },
    read=read_columns,
    labels={"PER": "person", "ORG": "organization", "LOC": "location", "MISC": "else"},
    key="CoNLL2003",
)
