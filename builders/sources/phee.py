"""PHEE: adverse and therapeutic drug events in sentences of medical case reports.

Paper: https://arxiv.org/abs/2210.12560
Format: nested event JSON, one sentence a line.
"""

from ..readers.nested_events import read_nested_events
from ..source import File, Source

_URL = "https://raw.githubusercontent.com/ZhaoyueSun/PHEE/12e9311e89c3d1d2db16a1a9fc93edf83ec2d9d8/data/json/"
_ROLES = (
    *("Subject", "Subject.Age", "Subject.Gender", "Subject.Race", "Subject.Population", "Subject.Disorder"),
    *("Treatment", "Treatment.Drug", "Treatment.Dosage", "Treatment.Freq", "Treatment.Route"),
    *("Treatment.Duration", "Treatment.Time_elapsed", "Treatment.Disorder", "Combination.Drug"),
    "Effect",
)

source = Source(
    name="PHEE",
    task="EE",
    language="en",
    domain="pharmacovigilance",
    licence="MIT",
    redistribute="yes",
    citation="Sun et al., 2022",
    homepage="https://github.com/ZhaoyueSun/PHEE",
    access="Clone https://github.com/ZhaoyueSun/PHEE (version 1; the files are data/json/{train,dev,test}.json).",
    sizes={"train": 2_898, "validation": 961, "test": 968},
    files={
        "train": [
            File(
                ("json/train.json", "train.json"),
                url=_URL + "train.json",
                size=2386113,
                sha256="a2d6cbdae3d95cb3a7e13439164c002041061f6f9823608af483c82d17a31f2b",
            )
        ],
        "validation": [
            File(
                ("json/dev.json", "dev.json"),
                url=_URL + "dev.json",
                size=808437,
                sha256="e1e24c0dfbe6f624e590a26d294f3082d0142ffc28b9da56761f1dd45e96aa53",
            )
        ],
        "test": [File(("json/test.json", "test.json"), url=_URL + "test.json")],
    },
    read=read_nested_events,
    labels={
        "Potential_therapeutic_event": "potential therapeutic event",
        "Adverse_event": "adverse event",
    },
    roles={"potential therapeutic event": _ROLES, "adverse event": _ROLES},
    key="PHEE",
)
