"""CrudeOilNews: events that move the price of oil, in sentences of commodity news; never trained on.

Paper: https://arxiv.org/abs/2204.03871
Format: JMEE's JSON, an array of sentences a document; the suite is the adjudicated test set of 25 documents. Letter
case differs between its files, and a repeated role may carry a number, so both are evened out.
"""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..readers.token_events import read_jmee
from ..source import File, Source

_NUMBER = re.compile(r"\d+$")


def _native(label: str) -> str:
    return _NUMBER.sub("", label).upper()


def _documents(folder: Path) -> Sequence[Path]:
    return sorted(folder.rglob("*.json"))


# The guideline groups the types by what they are about; within a group they share their roles.
_MARKET = (
    *("item", "attribute", "type", "place", "supplier or consumer", "difference", "initial value", "final value"),
    *("initial reference point", "reference point time", "contract date", "duration", "forecast", "forecaster"),
    "situation",
)
_WORLD = (
    *("place", "participating countries", "impacted countries", "imposer", "imposee", "activity", "item"),
    *("attribute", "type", "supplier or consumer", "reference point time", "duration", "situation"),
)
_TYPES = {
    **dict.fromkeys(
        (
            *("CAUSE-MOVEMENT-DOWN-LOSS", "CAUSE-MOVEMENT-UP-GAIN", "MOVEMENT-DOWN-LOSS", "MOVEMENT-FLAT"),
            *("MOVEMENT-UP-GAIN", "POSITION-HIGH", "POSITION-LOW", "GROW-STRONG", "SLOW-WEAK", "OVERSUPPLY"),
            "SHORTAGE",
        ),
        _MARKET,
    ),
    **dict.fromkeys(
        (
            *("CIVIL-UNREST", "CRISIS", "EMBARGO", "PROHIBITING", "GEOPOLITICAL-TENSION", "TRADE-FINANCIAL-TENSION"),
            *("NEGATIVE_SENTIMENT", "SITUATION_DETERIORATE"),
        ),
        _WORLD,
    ),
}
_NAMES = {native: re.sub("[-_]", " ", native).lower() for native in _TYPES}

source = Source(
    name="CrudeOilNews",
    task="EE",
    language="en",
    domain="commodity news",
    licence="MIT (annotations; the text belongs to the news agencies)",
    redistribute="yes",
    citation="Lee et al., 2022",
    homepage="https://github.com/meisin/CrudeOilNews-Corpus",
    access="Clone https://github.com/meisin/CrudeOilNews-Corpus; the files are those of its folder Test Set_ADJ.",
    sizes={"zero_shot": 377},
    files={
        "zero_shot": [
            File(
                ("Test Set_ADJ", "Test_Set_ADJ", "Test?Set*ADJ*", "test*set*adj*"),
                url="https://github.com/meisin/CrudeOilNews-Corpus/archive/HEAD.zip",
                documents=_documents,
            )
        ]
    },
    read=partial(read_jmee, native=_native),
    labels=_NAMES,
    roles={_NAMES[native]: roles for native, roles in _TYPES.items()},
    role_names={
        **{re.sub(" ", "_", role).upper(): role for role in (*_MARKET, *_WORLD)},
        "SUPPLIER_CONSUMER": "supplier or consumer",
    },
    folders=("CrudeOilNews-Corpus",),
)
