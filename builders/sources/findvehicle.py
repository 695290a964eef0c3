"""FindVehicle: made-up descriptions of vehicles in traffic, 21 types, some of whose mentions overlap.

Paper: https://arxiv.org/abs/2304.10893
Format: BIOE columns `token tag`, or JSON lines with spans. Both may tell a sentence twice: the kind of a vehicle
(`vehicle_type-suv`) spans its brand and model, so it stands in a copy of the sentence behind it.
"""

from collections.abc import Iterator
from pathlib import Path

from ..readers.columns import read_columns
from ..readers.layers import merge_layers
from ..readers.span_lists import read_span_lists
from ..records import Record, Rejected
from ..source import File, Source

_KINDS = (
    *("SUV", "hatchback", "sports car", "sedan", "bus", "truck", "vintage car", "coupe", "roadster", "estate car"),
    *("motorcycle", "MPV", "van"),
)


def _read(path: Path) -> Iterator[Record | Rejected]:
    return merge_layers(read_span_lists(path) if path.suffix == ".jsonl" else read_columns(path))


source = Source(
    name="FindVehicle",
    task="NER",
    language="en",
    domain="traffic",
    licence="unstated",
    redistribute="unstated",
    citation="Guan et al., 2024",
    homepage="https://github.com/GuanRunwei/FindVehicle",
    access="Follow the links to Google Drive or Baidu in the README of https://github.com/GuanRunwei/FindVehicle.",
    sizes={"train": 21_565, "test": 20_777},
    files={
        "train": [File(("FindVehicle_train.txt", "FindVehicle_train.jsonl"))],
        "test": [File(("FindVehicle_test.txt", "FindVehicle_test.jsonl"))],
    },
    carve={"validation": 0.1},
    read=_read,
    labels={
        "vehicle_type": "vehicle type",
        "vehicle_location": "position of vehicle",
        "vehicle_color": "color of vehicle",
        "vehicle_orientation": "orientation of vehicle",
        "vehicle_velocity": "vehicle velocity",
        "vehicle_range": "vehicle range",
        "vehicle_brand": "brand of vehicle",
        "vehicle_model": "vehicle model",
        # One blank in a kind's name may be any of these in its tag.
        **{
            f"vehicle_type-{kind.lower().replace(' ', joint)}": kind
            for kind in _KINDS
            for joint in ("_", "-", "", " ")
        },
    },
    key="FindVehicle",
)
