"""SemEval-2010 task 8: web sentences, nine relations between nominals.

Paper: https://aclanthology.org/S10-1006
Format: blocks with marked sentences; the label gives the direction. As published, `Other` is asked as "else", and the
last 1,493 of the 8,000 training examples are the validation set. A few sentences stand once for each of several pairs.
"""

from ..readers.marked import read_marked_blocks
from ..source import File, Source

_TRAIN = ("TRAIN_FILE.TXT", "TRAIN_FILE.txt", "train_file.txt")

source = Source(
    name="SemEval-RE",
    task="RE",
    language="en",
    domain="general web",
    licence="CC BY 3.0",
    redistribute="yes",
    citation="Hendrickx et al., 2010",
    homepage="http://semeval2.fbk.eu/semeval2.php?location=tasks#T11",
    access="Download SemEval2010_task8_all_data.zip, linked from the homepage, and unpack it.",
    sizes={"train": 6_507, "validation": 1_493, "test": 2_717},
    files={
        "train": [File(_TRAIN, rows=(0, 6507))],
        "validation": [File(_TRAIN, rows=(6507, None))],
        "test": [File(("TEST_FILE_FULL.TXT", "TEST_FILE_FULL.txt", "test_file_full.txt"))],
    },
    read=read_marked_blocks,
    labels={
        "Component-Whole": "component whole",
        "Member-Collection": "member collection",
        "Content-Container": "content container",
        "Cause-Effect": "cause effect",
        "Instrument-Agency": "instrument agency",
        "Entity-Destination": "entity destination",
        "Entity-Origin": "entity origin",
        "Product-Producer": "product producer",
        "Message-Topic": "message topic",
        "Other": "else",
    },
    folders=("SemEval2010-Task8", "SemEval2010_task8_all_data", "SemEval"),
    complementary=True,
    key="semval-RE",
)
