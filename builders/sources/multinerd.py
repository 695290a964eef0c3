"""MultiNERD, English: sentences of Wikipedia and Wikinews, tagged by machine.

Paper: https://aclanthology.org/2022.findings-naacl.60
Format: columns with the IOB2 tag behind the token, and links behind both; or JSON lines of tokens and numbers of tags.
"""

from collections.abc import Iterator
from pathlib import Path

from ..readers.columns import read_columns, tag_column
from ..readers.token_tags import read_token_tags
from ..records import Record, Rejected
from ..source import File, Source

_HUB = "https://huggingface.co/datasets/Babelscape/multinerd/resolve/main"
_TYPES = "PER ORG LOC ANIM BIO CEL DIS EVE FOOD INST MEDIA MYTH PLANT TIME VEHI".split()
_NUMBERED = ("O", *(f"{prefix}-{name}" for name in _TYPES for prefix in "BI"))


def _read(path: Path) -> Iterator[Record | Rejected]:
    if path.suffix == ".jsonl":
        return read_token_tags(path, names=_NUMBERED)
    tag = tag_column(path, "\t")
    return read_columns(path, token=tag - 1, tag=tag, separator="\t")


source = Source(
    name="MultiNERD",
    task="NER",
    language="en",
    domain="Wikipedia and news",
    licence="CC BY-NC-SA 4.0",
    redistribute="non-commercial",
    citation="Tedeschi and Navigli, 2022",
    homepage="https://github.com/Babelscape/multinerd",
    access="Download the English part from the Google Drive that https://github.com/Babelscape/multinerd links, "
    "or the files *_en.jsonl of https://huggingface.co/datasets/Babelscape/multinerd.",
    sizes={"train": 131_280, "validation": 16_410, "test": 16_454},
    files={
        "train": [File(("train_en.tsv", "train_en.jsonl"), url=_HUB + "/train/train_en.jsonl")],
        "validation": [
            File(("dev_en.tsv", "val_en.tsv", "val_en.jsonl", "dev_en.jsonl"), url=_HUB + "/val/val_en.jsonl")
        ],
        "test": [File(("test_en.tsv", "test_en.jsonl"), url=_HUB + "/test/test_en.jsonl")],
    },
    read=_read,
    labels={
        "PLANT": "plant",
        "ANIM": "animal",
        "BIO": "biology",
        "DIS": "disease",
        "MEDIA": "media",
        "VEHI": "vehicle",
        "INST": "instrument",
        "FOOD": "food",
        "PER": "person",
        "MYTH": "mythical figure",
        "SUPER": "mythical figure",  # so called in the first release
        "LOC": "location",
        "PHY": "geographical phenomenon",  # in the first release alone
        "ORG": "organization",
        "TIME": "time",
        "EVE": "event",
        "CEL": "astronomical object",
    },
    key="MultiNERD",
)
