"""Resume NER: resumes of Chinese managers, eight types.

Paper: https://aclanthology.org/P18-1144
Format: BMES columns `character tag`, one space between them.
"""

from functools import partial

from ..readers.columns import read_columns
from ..source import File, Source

_URL = "https://raw.githubusercontent.com/jiesutd/LatticeLSTM/master/ResumeNER/"

source = Source(
    name="ResumeNER",
    task="NER",
    language="zh",
    domain="resumes",
    licence="unstated",
    redistribute="unstated",
    citation="Zhang and Yang, 2018",
    homepage="https://github.com/jiesutd/LatticeLSTM",
    access="Download the three files of ResumeNER from https://github.com/jiesutd/LatticeLSTM.",
    sizes={"train": 3_821, "validation": 463, "test": 477},
    files={
        "train": [File(("train.char.bmes", "*train*.bmes"), url=f"{_URL}train.char.bmes")],
        "validation": [File(("dev.char.bmes", "*dev*.bmes"), url=f"{_URL}dev.char.bmes")],
        "test": [File(("test.char.bmes", "*test*.bmes"), url=f"{_URL}test.char.bmes")],
    },
    read=partial(read_columns, separator=" ", joiner=""),
    labels={
        "RACE": "民族",
        "NAME": "人名",
        "TITLE": "职位",
        "PRO": "专业",
        "EDU": "学历",
        "LOC": "籍贯",
        "ORG": "机构",
        "CONT": "国籍",
    },
    folders=("resume_ner", "Resume"),
    key="resume_ner",
)
